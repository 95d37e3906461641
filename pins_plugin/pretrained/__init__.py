"""Small trained models that come with the package, one folder each."""
