"""Reports: the report as data, and its renderers."""
