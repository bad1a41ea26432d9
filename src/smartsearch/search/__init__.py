"""Plans a search, runs it over the ports and says why each result is there."""
