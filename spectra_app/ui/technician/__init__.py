"""The technician's area of the window: spectra, reference libraries, calibration, whole folders."""
