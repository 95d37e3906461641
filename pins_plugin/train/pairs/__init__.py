"""Encoders trained on a face and a voice of the same clip."""
