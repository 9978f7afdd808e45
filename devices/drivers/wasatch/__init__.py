"""Wasatch Photonics Raman analysers, FX2 and ARM (X and XS series), over USB."""
