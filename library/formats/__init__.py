"""Readers of the file formats spectra come in, chosen by content."""
