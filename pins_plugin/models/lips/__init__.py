"""Networks that look at lips."""
