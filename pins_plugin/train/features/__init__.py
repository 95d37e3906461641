"""Training on recognition embeddings."""

from pins_plugin.train.features.training import FitSettings, train_features

__all__ = ["FitSettings", "train_features"]
