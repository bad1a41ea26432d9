"""Encryption at rest: the key of a library, what opens it, and the cipher of its files."""
