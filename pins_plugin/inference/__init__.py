"""A trained model in the user's hands."""
