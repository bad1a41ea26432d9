"""Duplicates: found, and on the user's word moved to the trash."""
