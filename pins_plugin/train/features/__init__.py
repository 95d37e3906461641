"""Training on recognition embeddings."""
