"""Faces in pictures: finding, aligning, describing them by vectors, and telling who is who."""
