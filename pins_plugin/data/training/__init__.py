"""What a trainer is fed with."""
