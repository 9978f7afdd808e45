"""Emulated analysers. Nothing here is measured; everything that comes out says so."""
