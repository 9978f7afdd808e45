"""Calculated Raman lines and structure drawings: the tools that rebuild the project's tables.

Run as ``python -m library.calculated``; they need the extra ``calculate`` (tblite, RDKit). The
program itself only reads the tables and never imports this package.
"""
