"""Due times and periods of retention: shipped as data, set by the station in an act of two."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import resources
from matching.policy import PolicyError
from spectra_app.errors import RecordError
from spectra_app.records.kinds.policy import StationPolicy
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.cases.keeping import sound, stated
from spectra_app.services.office import Office, Session

DUE_TIMES, RETENTION = "due_times", "retention"
HOURS = {
    DUE_TIMES: ("rules", "hours", ("registration", "filing", "sending", "answer", "closing")),
    RETENTION: (
        "classes",
        "days",
        ("closed_case", "discarded_scan", "unfiled_scan", "imported_bundle", "exercise"),
    ),
}
MOST = 1_000_000  # hours or days: more than a century


@dataclass(frozen=True, slots=True)
class Period:
    """One rule: within which time something is done, or after which it is removed.

    Parameters
    ----------
    code, words : str
        Which one, and what it asks.
    figure : int
        Hours for due times, days for retention.
    source : str
        Law, instruction, or who set it.
    """

    code: str
    words: str
    figure: int
    source: str


@dataclass(frozen=True, slots=True)
class Periods:
    """A policy: its version, its rules by code, and the SHA-256 of what they were read from."""

    version: str
    rules: dict[str, Period]
    sha256: str

    def figure(self, code: str) -> int | None:
        """Return hours or days of a rule; None where the station has switched it off."""
        rule = self.rules.get(code)
        return None if rule is None else rule.figure


def periods(ledger: Ledger, name: str) -> Periods:
    """Return the policy in force: the station's own, or the one that came with the program.

    Raises
    ------
    PolicyError
        When it is damaged.
    """
    try:
        content = ledger.get(StationPolicy, name).record.content
    except RecordError:
        content = resources.path(f"policies/{name}.json").read_text(encoding="utf-8")
    return parse_periods(name, content)


def parse_periods(name: str, text: str) -> Periods:
    """Read a policy of periods; a rule that is left out is switched off.

    Raises
    ------
    PolicyError
        When it has other rules than the program knows, or figures that make no sense.
    """
    if name not in HOURS:
        raise PolicyError(f"there is no policy {name[:40]!r}", "", f"use {' or '.join(HOURS)}")
    group, unit, codes = HOURS[name]
    try:
        content = json.loads(text)
        rules = {rule["code"]: _period(rule, unit) for rule in content[group]}
        if content.keys() != {"version", group} or len(rules) != len(content[group]):
            raise ValueError("a rule is given twice, or there is more than version and rules")
        if unknown := set(rules) - set(codes):
            raise ValueError(f"no rule is called {min(unknown)!r}")
        version = str(content["version"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PolicyError(
            f"the policy {name} cannot be used ({error})", "", "correct it, or restore the program"
        ) from error
    return Periods(version, rules, hashlib.sha256(text.encode()).hexdigest())


def show_periods(office: Office, session: Session, name: str) -> Periods:
    """Return the due times or periods of retention in force."""
    office.require(session, "policy.show")
    return periods(office.ledger, name)


def change_periods(
    office: Office, session: Session, second: Session, name: str, content: str, *, reason: str
) -> Periods:
    """Set the station's own due times or periods of retention: an act of two persons.

    Raises
    ------
    PolicyError
        When the content cannot be used.
    ForbiddenError
        When the second person may not, or has not just logged in.
    """
    me = office.require(session, "policy.change")
    found = parse_periods(name, content)
    why = stated("the reason", reason)
    other = office.require_second(session, second, "policy.change")
    record = StationPolicy(id=name, content=content, reason=why, second=other.id)
    with office.ledger.writing(me.id) as writing:
        before = office.ledger.history(StationPolicy, name)
        details = {"second": other.id, "sha256": found.sha256}
        writing.put(sound(record), "policy changed", after=len(before), details=details)
    return found


def _period(rule: dict[str, Any], unit: str) -> Period:
    if rule.keys() != {"code", "words", unit, "source"}:
        raise ValueError(f"a rule has code, words, {unit} and source")
    figure = rule[unit]
    if type(figure) is not int or not 0 < figure <= MOST:
        raise ValueError(f"{unit} of {rule['code']!r} is no whole number above 0")
    words, source = rule["words"], rule["source"]
    if not (isinstance(words, str) and isinstance(source, str)):
        raise TypeError("words and source are text")
    return Period(str(rule["code"]), words, figure, source)
