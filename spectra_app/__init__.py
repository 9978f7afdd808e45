"""The program: composition root, window, command line, services, records, reports."""

__version__ = "0.1.0"
