"""Password hashes that somebody has put into the database by another way than the program.

Hashes are no part of the record, but each user's record names the hash. What verifies the ledger
calls this too: who put in a hash of their own could log in as somebody else - if `log_in` did not
look at it as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from spectra_app.errors import RecordError
from spectra_app.records.access import User
from spectra_app.records.ledger.record import read_body
from spectra_app.records.ledger.verify import Finding
from spectra_app.records.passwords import secret_digest

_USERS = """
SELECT r.id, r.body, s.hash FROM revisions AS r LEFT JOIN secrets AS s ON s.user = r.id
WHERE r.kind = ? AND r.latest = 1 AND r.body IS NOT NULL ORDER BY r.rowid
"""


def swapped_passwords(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Yield the users whose password hash is not the one recorded; nothing is changed.

    Users whose record cannot be read are left to those who look at records.
    """
    for id_, body, hashed in connection.execute(_USERS, (User.KIND,)):
        try:
            user = read_body(body, User)
        except RecordError:
            continue
        if user.secret_sha256 != secret_digest(hashed or ""):
            said = "the password's hash is not the one that was recorded"
            yield Finding("password_swapped", f"user {id_}", said)
