"""What is kept: evidence and identification records."""
