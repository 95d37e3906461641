"""Clips as people published them, and the manifest that lists them."""
