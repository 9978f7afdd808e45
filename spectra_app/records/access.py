"""Who may do what: roles, users, and the one table of actions.

The services ask this table (`spectra_app.services.office.Office.require`); windows and command
lines never do. An action that is not in it is allowed to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from spectra_app.records.ledger.record import Record


class Role(StrEnum):
    """What somebody is employed for."""

    OFFICER = "officer"
    TECHNICIAN = "technician"
    SUPERVISOR = "supervisor"


ACTIVE, LOCKED = "active", "locked"


class User(Record, frozen=True, kw_only=True):
    """Somebody who may log in.

    Parameters
    ----------
    id : str
        ``u1``, ``u2`` ...: what entries of the chain name. It says nothing about the person.
    login : str
        The name typed to log in, as `spectra_app.records.passwords.folded_login` writes it.
    name : str
        As it stands on reports.
    role : str
        One of `Role`.
    state : str
        ``active`` or ``locked``.
    cleared : bool
        Whether this person may see findings of restricted lists.
    must_change : bool
        Whether the password was given by a supervisor, and has to be changed first.
    reason : str
        Why the user is locked.
    given_by, given_at : str
        Who gave this user a temporary password last, and when: that person knew it.
    secret_sha256 : str
        SHA-256 of the password hash in the table ``secrets``: one that was swapped does not fit.
    """

    KIND: ClassVar[str] = "user"

    login: str
    name: str
    role: str
    state: str = ACTIVE
    cleared: bool = False
    must_change: bool = False
    reason: str = ""
    given_by: str = ""
    given_at: str = ""
    secret_sha256: str = ""

    def keys(self) -> tuple[tuple[str, str], ...]:
        """Return the login, role and state."""
        return (("login", self.login), ("role", self.role), ("state", self.state))

    def words(self) -> tuple[str, ...]:
        """Return the names."""
        return (self.id, self.login, self.name)


class AccessSettings(Record, frozen=True, kw_only=True):
    """What a station has set about log-ins; one record, ``station``.

    Parameters
    ----------
    idle_minutes : int
        After how long without an act a session locks itself.
    """

    KIND: ClassVar[str] = "access settings"

    idle_minutes: int


_O, _T, _S = Role.OFFICER, Role.TECHNICIAN, Role.SUPERVISOR
_ALL = frozenset(Role)


def _only(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


ACTIONS: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        # one's own session
        "session.show": _ALL,
        "password.change": _ALL,
        # the station
        "station.change": _only(_S),
        "station.show": _ALL,
        "session.configure": _only(_S),
        "users.show": _only(_S),
        "users.add": _only(_S),
        "users.rename": _only(_S),
        "users.change_role": _only(_S),
        "users.clear": _only(_S),
        "users.lock": _only(_S),
        "users.unlock": _only(_S),
        "users.reset_password": _only(_S),
        "emergency.use": _only(_O, _T),
        "emergency.show": _only(_S),
        "emergency.acknowledge": _only(_S),
        # cases
        "case.open": _ALL,
        "case.list": _ALL,
        "case.show": _ALL,
        "case.change": _ALL,
        "case.close": _only(_O, _S),
        "case.reopen": _only(_S),
        "case.export": _only(_T, _S),
        "case.import": _only(_T, _S),
        "case.answer": _only(_T, _S),
        "case.replay": _ALL,
        "case.recheck": _only(_T, _S),
        "suggestions.open": _only(_T, _S),
        "item.add": _ALL,
        "item.change": _ALL,
        "scan.add": _ALL,
        "scan.file": _ALL,
        "scan.discard": _ALL,
        "scan.list": _ALL,
        "scan.show": _ALL,
        "exposure.add": _ALL,
        "exposure.list": _only(_S),
        "calibration.add": _only(_T, _S),
        "fleet.show": _only(_T, _S),
        "custody.hand_over": _ALL,
        "photo.add": _ALL,
        "note.add": _ALL,
        "second_technique.record": _only(_T, _S),
        "confirmation.send": _ALL,
        "confirmation.record": _only(_T, _S),
        "amendment.add": _ALL,
        "restricted.show": _ALL,  # and cleared
        "oversight.list": _only(_S),
        # reports
        "report.preview": _ALL,
        "report.issue": _ALL,
        "report.countersign": _ALL,
        "report.amend": _ALL,
        "report.show": _ALL,
        "report.sign": _ALL,
        # audit, figures, keeping
        "audit.verify": _ALL,
        "audit.show": _only(_S),
        "audit.rebuild": _only(_S),
        "statistics.show": _only(_T, _S),
        "statistics.export": _only(_S),
        "incident.export": _only(_S),
        "policy.show": _ALL,
        "policy.change": _only(_S),
        "library.release": _only(_T),
        "library.cosign": _only(_T, _S),
        "package.install": _only(_S),
        "retention.show": _only(_S),
        "retention.apply": _only(_S),
        "retention.finish": _only(_S),
        "backup.make": _only(_T, _S),
        "backup.restore": _only(_S),
    }
)
"""Which roles may do what."""

SECOND: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "report.countersign": _only(_S),
        "policy.change": _only(_T, _S),
        "library.release": _only(_T, _S),
        "retention.apply": _only(_T, _S),
    }
)
"""Acts of two persons: which roles the second one may have."""

GIVEN_S = 24 * 3600
"""For so long nobody is a second person who was given a password by whomever: whose password was
reset notices at the next log-in, and the others see a new account on the list of users."""
HANDS_S = 30 * 24 * 3600
"""For so long whoever gave a password counts as one who may know it (`spectra_app.records.hands`):
two accounts in one hand could be one person."""

CLEARED = frozenset({"restricted.show"})
"""Actions for which the role is not enough: the person must be cleared."""

EMERGENCY = frozenset(
    {
        "case.reopen",
        "case.export",
        "confirmation.record",
        "second_technique.record",
        "users.show",
        "users.unlock",
        "users.reset_password",
    }
)
"""What emergency access can give: no roles, no thresholds, no removal, no look into the chain."""

FIRST_OF_ALL = frozenset({"password.change", "session.show"})
"""What somebody with a temporary password may do."""


def roles_of(action: str) -> frozenset[Role]:
    """Return the roles that may do something; none for what is not in the table."""
    return ACTIONS.get(action, frozenset())
