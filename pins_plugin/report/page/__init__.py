"""The page of a video."""
