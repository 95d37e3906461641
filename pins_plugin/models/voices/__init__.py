"""Encoders of voices."""
