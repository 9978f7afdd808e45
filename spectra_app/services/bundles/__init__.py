"""Cases that leave the station as sealed bundles, and come in from others."""
