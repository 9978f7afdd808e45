"""Ocean's first USB protocol ("OOI"): USB2000+, Flame, USB4000, Maya and their kin."""
