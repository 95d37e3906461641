"""Encoders of faces."""
