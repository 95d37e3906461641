"""From scores to numbers; NumPy only."""
