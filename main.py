"""Start Spectra: `python main.py` opens the window."""
