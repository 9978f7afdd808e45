"""Password hashes that somebody has put into the database by another way than the program.

Hashes are no part of the record, but each user's record names the hash. What verifies the ledger
calls this too: who put in a hash of their own could log in as somebody else - if `log_in` did not
look at it as well.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from spectra_app.errors import RecordError
from spectra_app.records.access import User
from spectra_app.records.ledger.record import read_body
from spectra_app.records.ledger.store import DATABASE
from spectra_app.records.ledger.verify import Finding
from spectra_app.records.passwords import secret_digest

_USERS = """
SELECT r.id, r.body, s.hash FROM revisions AS r LEFT JOIN secrets AS s ON s.user = r.id
WHERE r.kind = ? AND r.latest = 1 AND r.body IS NOT NULL ORDER BY r.rowid
"""


def swapped_passwords(folder: Path) -> tuple[Finding, ...]:
    """Return the users of the ledger in `folder` whose password hash is not the one recorded.

    To be called when the ledger itself holds; nothing is changed. A database that cannot be read
    is one finding.
    """
    path = folder / DATABASE
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reading:
            rows = reading.execute(_USERS, (User.KIND,)).fetchall()
        return tuple(
            Finding("password_swapped", f"user {id_}", "its hash is not the one that was recorded")
            for id_, body, hashed in rows
            if read_body(body, User).secret_sha256 != secret_digest(hashed or "")
        )
    except (sqlite3.Error, RecordError, ValueError, TypeError, AttributeError) as error:
        return (Finding("file_damaged", DATABASE, f"passwords cannot be read ({error})"),)
