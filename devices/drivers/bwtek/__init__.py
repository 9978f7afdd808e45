"""B&W Tek BTC100-S and BTC110-S spectrometers on RS-232."""
