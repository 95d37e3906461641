"""What active speaker detection rests on: lips against audio (synchronization), mouths that talk (visual voice activity)."""
