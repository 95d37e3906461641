"""Training: encoders of pairs, what looks at lips, heads over features; shared files in between."""
