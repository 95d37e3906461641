"""Files in and out, in four rooms: media, corpora, training, links."""
