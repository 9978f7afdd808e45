"""What prints the figures in the README, and the programs that make shipped data."""
