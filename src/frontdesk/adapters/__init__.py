"""The outside world, one folder each; adapters never import each other."""
