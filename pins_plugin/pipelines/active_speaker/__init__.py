"""Who speaks, by sight: lips against sound, mouths that move."""
