"""Words that come from records and lists, said in the language of the report where it has them.

Names of substances, lists, standards and files stay as they are; so does what a person typed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from spectra_app.records.identification import Identification
from spectra_app.reports.texts import Said, Texts

EMULATED = "emulated scan of "  # how `spectra_app.services.scanning` labels one
ANY = "any "  # how `spectra_app.services.hazards` names a whole family
_NAME = r"(?P<name>.+?)(?=; (?:a whole class|the list|asked|what the list)|$)"
_SCOPES = (  # how `library.control` says it
    ("class", re.compile("a whole class by definition; whether this member falls under it is not "
                         "stored")),
    ("preparation", re.compile(f"the list names a preparation: {_NAME}")),
    ("isomer", re.compile("the list names an isomer: stereochemistry differs or is not stated")),
    ("skeleton", re.compile(f"asked by the skeleton only; the list names {_NAME}")),
    ("salt", re.compile(f"asked for a salt or hydrate of {_NAME}")),
    ("salts_in", re.compile("the list includes salts")),
    ("salts_not_read", re.compile("what the list says of salts was not read")),
)  # fmt: skip


def moment(text: str) -> str:
    """Return a time for reading: in UTC to the second; as it stands where it has no zone or none.

    >>> moment("2026-11-22T08:05:15.000Z")
    '2026-11-22 08:05:15 UTC'
    """
    if len(text) <= len("2026-11-22"):
        return text
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = "" if read.utcoffset() is None else " UTC"
    shown = read.astimezone(UTC) if zone else read
    return f"{shown:%Y-%m-%d %H:%M:%S}{zone}"


def identifier(text: str, texts: Texts) -> Said:
    """Return a number on an item with what it is: ``seal:100`` as "seal 100"."""
    scheme, colon, value = text.partition(":")
    key = f"scheme.{scheme}"
    return texts.say(key, value=value) if colon and key in texts.texts else texts.put(text)


def scope(text: str, texts: Texts) -> Said:
    """Return how what was asked stands to what is listed."""
    said: list[Said] = []
    rest = text
    while rest:
        for code, pattern in _SCOPES:
            met = pattern.match(rest)
            if met:
                said.append(texts.say(f"scope.{code}", **met.groupdict()))
                rest = rest[met.end() :].removeprefix("; ")
                break
        else:
            return texts.put(text)
    return texts.many(said)


def source(record: Identification, texts: Texts) -> Said:
    """Return what a scan is called: its file, or what was emulated."""
    name = record.file
    if record.emulated and name.startswith(EMULATED):
        return texts.say("item.file_emulated", name=name.removeprefix(EMULATED))
    return texts.put(name)


def hazard(name: str, texts: Texts) -> Said:
    """Return the name of a hazard; a whole family is told in words."""
    if not name.startswith(ANY):
        return texts.put(name)
    return texts.say("hidden.any", family=texts.word("hazard_family", name.removeprefix(ANY)))


def corrected(of: str, field: str, texts: Texts) -> Said:
    """Return which record, and what of it, an amendment is about."""
    kind, _, id_ = of.partition(" ")
    record = texts.say("change.of_record", kind=texts.word("kind_of", kind), id=id_)
    return texts.many((record, texts.word("field", field))) if field else record
