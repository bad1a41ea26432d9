"""Where on Earth: place names from positions and positions from names, offline."""
