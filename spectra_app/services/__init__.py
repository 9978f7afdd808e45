"""Use cases, one function each, for the window and the command line alike."""
