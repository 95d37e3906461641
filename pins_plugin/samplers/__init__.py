"""Which clips meet in a batch."""
