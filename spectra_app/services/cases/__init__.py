"""Cases: what is seized, scanned, handed over, examined and found, and the lists over it.

Every function takes the office and the session of who acts, and asks `Office.require` first.
"""
