"""A trained model on the disk."""
