"""Scores to numbers: pure functions on NumPy arrays."""
