"""Acquisition over any analyser: integration time, averages, waiting, dark, early stop."""
