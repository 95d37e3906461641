"""Speaker diarization, its parts: speech activity and overlap, voices, speaker turns."""
