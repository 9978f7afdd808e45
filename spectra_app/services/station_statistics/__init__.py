"""What a station's own records say: rates against the laboratory, seizures of a year, tables."""
