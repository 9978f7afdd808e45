"""Drivers: one folder per family, with its protocol (pure) and its parts (over a transport)."""
