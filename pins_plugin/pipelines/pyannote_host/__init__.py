"""The door to pyannote: its imports, folders of pipelines, loaders."""
