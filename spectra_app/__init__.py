"""The program: composition root, window, command line, services, records, reports."""
