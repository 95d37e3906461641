"""Campaigns of `benchmarks/robustness.py`: each tries one kind of trouble many times, and counts."""
