"""Access control of the server, and the log of who did what. Both belong to the home, not to a library."""
