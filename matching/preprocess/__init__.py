"""Preprocessing steps, one file per step: functions from arrays to arrays."""
