"""From raw video to tracks of faces."""
