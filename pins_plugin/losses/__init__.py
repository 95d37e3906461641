"""Formulas over embeddings."""
