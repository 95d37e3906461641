"""Scenes with known truth, composed from clips of one person each."""
