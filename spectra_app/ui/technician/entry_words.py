"""What is said of one entry of a library, as a page of text; no widget here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from spectra_app.services.check_book import KeptFinding
from spectra_app.services.library_catalogue import EntryRecord, EntryView
from spectra_app.ui.look import Look

ORIGIN = (
    "kind", "source", "licence", "reliability", "technique", "laser_nm", "resolution_cm1",
    "instrument", "serial", "calibration", "operator", "measured_at", "supplier", "lot",
    "certificate", "purity", "replicates", "file", "file_sha256",
)  # fmt: skip
IDENTITY = ("cas", "inchikey", "formula", "smiles", "form", "group")
UNITS = {"laser_nm": " nm", "resolution_cm1": " cm⁻¹"}

Line = tuple[str, str]
"""What it is, and what is said; the first is empty where there is nothing to name."""


def entry_html(view: EntryView, findings: Iterable[KeptFinding] | None, look: Look) -> str:
    """Return everything known of an entry; no findings are given where nobody checked."""
    say = look.say
    parts = [
        ("library.part_control", _control(view, look)),
        ("library.part_identity", _identity(view, look)),
        ("library.part_origin", _origin(view.record, look)),
        ("library.part_state", _state(view, look)),
        ("library.part_findings", _findings(findings, look)),
        ("library.part_alike", _alike(view, look)),
    ]
    return "".join(_part(say(title), lines) for title, lines in parts)


def _part(title: str, lines: Iterable[Line]) -> str:
    rows = "".join(
        f"<tr><td style='padding-right:10px'>{escape(name)}</td><td>{escape(text)}</td></tr>"
        if name
        else f"<tr><td colspan='2'>{escape(text)}</td></tr>"
        for name, text in lines
    )
    return f"<p style='margin-bottom:2px'><b>{escape(title)}</b></p><table>{rows}</table>"


def _control(view: EntryView, look: Look) -> Iterable[Line]:
    say = look.say
    for one in view.statuses:
        yield (
            "",
            say(
                "control.listing",
                instrument=one.instrument,
                schedule=one.schedule,
                as_of=one.as_of,
                grade=one.grade,
            ),
        )
        if one.edition or one.read_to:
            yield "", say("library.edition", edition=one.edition or "?", read_to=one.read_to or "?")
        if one.conflict:
            yield "", say("control.conflict", conflict=one.conflict)
    if not view.statuses:
        known = view.alarm == "benign"
        lists = look.texts.many(view.asked.jurisdictions)
        key = "control.none" if known else "control.unknown"
        yield "", say("control.none", lists=lists, to=view.asked.lists_to) if known else say(key)
    if view.asked.past_age:
        yield "", say("control.past_age", lists=look.texts.many(view.asked.past_age))
    yield "", say("control.not_uncontrolled")


def _identity(view: EntryView, look: Look) -> Iterable[Line]:
    record, put = view.record, look.texts.put
    names = list(dict.fromkeys(record.synonyms))
    for one in view.substances:
        names += [name for name in (one.name, *one.synonyms) if name not in (*names, record.name)]
    if names:
        yield look.say("library.synonyms"), look.texts.many(names[:12])
    yield from _fields(record, IDENTITY, look)
    for one in view.substances:
        if one.family or one.class_:
            yield look.say("library.column_family"), put(" · ".join((one.class_, one.family)))
    if not view.substances:
        yield "", look.say("library.not_in_tables")


def _fields(record: EntryRecord, names: Iterable[str], look: Look) -> Iterable[Line]:
    for name in names:
        value = getattr(record, name)
        if value in ("", None) or (name == "replicates" and value == 1):
            continue
        word = look.word("kind", value) if name == "kind" else look.texts.put(_text(name, value))
        yield look.say(f"library.field_{name}"), word


def _text(name: str, value: object) -> str:
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{shown}{UNITS.get(name, '')}"


def _origin(record: EntryRecord, look: Look) -> Iterable[Line]:
    yield from _fields(record, ORIGIN, look)
    if record.kind != "measured":
        yield "", look.say("library.lead_only")
    if record.laser_nm is None:
        yield look.say("library.field_laser_nm"), look.say("library.not_known")
    for text in (*record.assumptions, *record.metadata.values()):
        yield "", look.texts.put(text)


def _state(view: EntryView, look: Look) -> Iterable[Line]:
    say, record = look.say, view.record
    yield say("library.column_status"), say(f"library.status_{record.status}")
    yield say("library.version"), look.texts.put(str(record.version))
    for act in view.acts:
        word = say(f"library.status_{act.after}")
        yield "", say("library.act", after=word, by=act.by, at=act.at[:16].replace("T", " "))
        if act.reason:
            yield "", look.texts.put(act.reason)
    if not any(act.after == "reviewed" for act in view.acts):
        yield "", say("library.nobody_reviewed")


def _findings(findings: Iterable[KeptFinding] | None, look: Look) -> Iterable[Line]:
    say = look.say
    if findings is None:
        yield "", say("library.not_checked")
        return
    mine = list(findings)
    for one in mine:
        yield say(f"library.severity_{one.severity}"), look.texts.put(one.what)
        if one.accepted is not None:
            why, by = one.accepted.reason, one.accepted.by
            yield "", say("library.accepted_by", by=by, reason=why)
    if not mine:
        yield "", say("library.no_finding")


def _alike(view: EntryView, look: Look) -> Iterable[Line]:
    if view.alike is None:
        yield "", look.say("library.alike_unknown")
    elif view.alike:
        yield "", look.texts.many(view.alike)
    else:
        yield "", look.say("library.alike_none")
