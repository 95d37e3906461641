"""Active speaker detection and diarization in one, which face each speaker has: what was observed, the decision, the result."""
