"""From tensors to embeddings."""
