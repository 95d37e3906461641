"""Training of all that looks at lips."""
