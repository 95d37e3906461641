"""Talking heads made from a seed: a test bed whose truth is known."""
