"""Video in, pyannote objects out."""
