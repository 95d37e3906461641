"""What a person looks at: pages, plots, annotated video."""
