"""What is known of a linked video: turns, words, corrections."""
