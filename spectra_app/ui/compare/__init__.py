"""A result looked at more closely: candidates against each other, components on trial."""
