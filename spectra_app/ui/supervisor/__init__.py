"""The supervisor's area of the window: what waits for a second person, and how the station does."""
