"""Automatic tags: the vocabulary, its vectors in a model's space, and tagging a library from its stored vectors."""
