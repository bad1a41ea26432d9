"""Reading the text in pictures."""
