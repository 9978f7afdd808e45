"""Analysers: transports, drivers, emulators. Knows neither matching nor library."""
