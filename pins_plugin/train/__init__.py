"""The SpeechBrain side: Brains, schedules, checkpoints."""
