"""What feedback teaches: an adapter of how words are read, trained when the user asks."""
