"""Spectrum, preprocessing, search and decision: functions from arrays to arrays."""
