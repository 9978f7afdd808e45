"""Cobolt 04, 06 and 08 lasers on a serial line or a virtual COM port."""
