"""The station's ledger: one SQLite database of what was done, chained, signed and append-only."""
