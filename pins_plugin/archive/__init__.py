"""Many videos: which ones, in which processes or on which machines, what failed, what is left to do."""
