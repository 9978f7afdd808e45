"""Calibration: reference lines, the axis they give, resolution, response, the daily check."""
