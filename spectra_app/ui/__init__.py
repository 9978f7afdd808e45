"""The window. Qt lives here, in app.py and in the report renderer only."""
