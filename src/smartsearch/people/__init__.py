"""Who is who in a library: naming, correcting, asking, exchanging."""
