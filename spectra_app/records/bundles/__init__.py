"""Sealed bundles: a case, a question or an answer in one file that proves where it comes from."""
