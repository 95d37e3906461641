"""Files in and out: manifests, video, sound, batches."""
