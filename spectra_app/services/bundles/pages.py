"""What people read first in a bundle: a plain text and a page, both made from its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from spectra_app.records.bundles.content import Content
from spectra_app.records.kinds import (
    Amendment,
    Case,
    Confirmation,
    Custody,
    Item,
    Note,
    Scan,
    SecondTechnique,
)
from spectra_app.records.ledger.record import R, Record
from spectra_app.services.cases.standing import Findings, amended_in, stands_of_item

_TITLES = {
    "case": "Case", "question": "Question about an item of case",
    "answer": "Answer to a question about case",
}  # fmt: skip
PROVES = (
    "The station whose key is named here made this bundle; nothing in it was changed, added or "
    "removed since.",
    "The station entered each record, in each of its revisions, in its audit chain, at the place "
    "that the extract states, and signed each of these entries.",
    "No earlier revision of a record that is here is missing; that none of the last ones is, the "
    "station states over its signature (audit/extent.json), up to the last entry of the extract.",
    "The station is bound to all entries between, other cases' too: the extract holds their "
    "hashes, so a chain with one of them rewritten does not fit it.",
)
PROVES_NOT = (
    "Who stood at the analyser, or that what was entered is true.",
    "What the entries between say: the extract holds their hashes only.",
    "What was entered after the last entry of the extract.",
    "That nothing else exists about the case: what nobody entered, what was left out at export "
    "(stated below), and acts that belong to no record (log-ins, exports) are not here.",
    "When it was: times are those of the station's own clock.",
    "That the key is the station's: compare its id with one that the station gave you in another "
    "way. Who has the station's private key can write another chain; a head printed on a report, "
    "or in another bundle, shows that.",
)
BY_HAND = """\
sha256sum -c manifest-sha256.txt
sha256sum -c tagmanifest-sha256.txt
python data/verifier/verify_bundle.py . --station KEY
"""


def marks(content: Content) -> tuple[str, ...]:
    """Return what must be said before anything else."""
    said = []
    if content.demo:
        said.append("DEMONSTRATION: this is no evidence.")
    if content.emulated:
        said.append("EXERCISE: the case is emulated; this is no evidence.")
    if content.left_out:
        said.append(
            f"INCOMPLETE: {content.left_out} records were left out, because who exported it may "
            "not see them."
        )
    return tuple(said)


def facts(content: Content) -> list[tuple[str, str]]:
    """Return the facts about a bundle, for both pages and ``bag-info.txt``."""
    station = content.station
    said = [
        ("Source-Organization", station.organisation or station.name or "not stated"),
        ("Contact-Name", f"{content.exported_by.name} ({content.exported_by.role})"),
        ("External-Identifier", content.case),
        ("External-Description", f"{_TITLES[content.kind]} {content.case}: {content.title}"),
        ("Bag-Software-Agent", content.program),
        ("Spectra-Kind", content.kind),
        ("Spectra-Station", station.name or "not stated"),
        ("Spectra-Station-Key", station.key),
        ("Spectra-State-Of", content.state_of),
        ("Spectra-Left-Out", str(content.left_out)),
    ]
    return said + [("Spectra-Mark", mark) for mark in marks(content)]


def readme(content: Content) -> bytes:
    """Return ``README.txt``."""
    lines = [f"{_TITLES[content.kind]} {content.case}", "", *marks(content), ""]
    lines += [f"{label}: {' '.join(text.split())}" for label, text in facts(content)]
    lines += ["", *_told(content), "", "What is here", ""]
    lines += ["  index.html           the same for reading, with links to every file",
              "  case.json            what this bundle says of itself",
              "  records.jsonl        every record in every revision, with its salt",
              "  audit/               entries of the audit chain, where they stand, a signed head",
              "  spectra/             each scan as JCAMP-DX and as NeXus (NXraman)",
              "  files/               evidence, each under its SHA-256",
              "  verifier/            programs that check this, to be read and run",
              "  station.pub          public key of the station"]  # fmt: skip
    lines += ["", *_libraries(content)]
    if content.unwritten:
        lines += ["", "Scans that are here as their original only:"]
        lines += [f"  {one.scan}: {one.why}" for one in content.unwritten]
    lines += ["", "What this proves", ""] + [f"- {text}" for text in PROVES]
    lines += ["", "What it does not prove", ""] + [f"- {text}" for text in PROVES_NOT]
    lines += ["", "Check it by hand, in the folder that holds bagit.txt", "", *BY_HAND.split("\n")]
    return "\n".join(lines).encode()


def _libraries(content: Content) -> Iterator[str]:
    """Yield what the results were searched in, and where somebody gets it, as lines."""
    for one in content.libraries:
        about = f"{one.name}, version {one.version}, {one.entries:,} entries" if one.name else "?"
        yield f"Library {one.sha256}: {about}"
        if one.path:
            yield f"  in this bundle: {one.path} ({one.size:,} bytes; licence: {one.licence})"
        elif one.file_sha256:
            yield f"  not in this bundle: {one.size:,} bytes, SHA-256 of the file {one.file_sha256}"
        yield f"  {one.where}"
    if content.libraries:
        yield "Compute the results again: 'spectra case import', then 'spectra case replay B-...'."


def _told(content: Content) -> Iterator[str]:
    """Yield question and answer as lines."""
    question, answer = content.question, content.answer
    if question:
        yield f"Question {question.id} to {question.laboratory} about item {question.item}:"
        yield f"  {question.text}"
        yield "Answer it with 'spectra case answer', and send the file that it makes back."
    if answer:
        yield f"Answer to question {answer.asked}: {answer.state.upper()}"
        amounts = [*answer.quantities, *("" for _ in answer.found)]
        for name, amount in zip(answer.found, amounts, strict=False):
            yield f"  found: {name}{': ' if amount else ''}{amount}"
        yield f"  by: {', '.join(answer.techniques)}; examined by {answer.examined_by}"
        yield f"  at {answer.answered_at}; reference {answer.reference or 'none'}"
        if answer.remarks:
            yield f"  {answer.remarks}"
        yield f"  the question's manifest: {answer.question}"


_STYLE = (
    "body{font:16px/1.45 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111}"
    "table{border-collapse:collapse;margin:.5em 0}td,th{border:1px solid #999;padding:.25em .6em;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}.mark{border:3px solid #a00;"
    "padding:.5em 1em;font-weight:bold}"
)


def index(content: Content, records: Sequence[Record], spectra: Iterable[str]) -> bytes:
    """Return ``index.html``: no script, nothing from elsewhere.

    Parameters
    ----------
    content : Content
        What the bundle says of itself.
    records : sequence of Record
        Its records as they are now.
    spectra : iterable of str
        Names of the files of scans, below ``data``.
    """
    title = escape(f"{_TITLES[content.kind]} {content.case}")
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>",
        *(f'<p class="mark">{escape(mark)}</p>' for mark in marks(content)),
        _table(("", ""), facts(content)),
        *(f"<p>{escape(line)}</p>" for line in _told(content)),
        *_sections(records),
        "<h2>Libraries</h2>",
        *(f"<p>{escape(line)}</p>" for line in _libraries(content)),
        "<h2>Spectra</h2>",
        _links((name, name) for name in sorted(spectra)),
        "".join(f"<p>{escape(one.scan)}: {escape(one.why)}</p>" for one in content.unwritten),
        "<h2>Evidence</h2>",
        _links(
            (one.path.removeprefix("data/"), f"{one.what}: {one.name}") for one in content.files
        ),
        "<h2>People</h2>",
        _table(("id", "name", "role"), [(one.id, one.name, one.role) for one in content.people]),
        "<h2>What this proves</h2>",
        *(f"<p>{escape(text)}</p>" for text in PROVES),
        "<h2>What it does not prove</h2>",
        *(f"<p>{escape(text)}</p>" for text in PROVES_NOT),
        "</body></html>\n",
    ]
    return "\n".join(parts).encode()


def _sections(records: Sequence[Record]) -> Iterator[str]:
    """Yield a table for each kind of record that people look for; the rest is in records.jsonl."""
    shown: tuple[tuple[type[Record], tuple[str, ...]], ...] = (
        (Case, ("id", "title", "state", "reference", "opened_at", "circumstances", "closing")),
        (Item, ("id", "description", "condition", "identifiers", "received_at", "weight",
                "weight_unit", "packages", "sampled")),
        (Scan, ("id", "item", "scanned_at", "outcome", "alarm", "names", "families", "analyser",
                "state", "emulated")),
        (Custody, ("item", "number", "handed_at", "giver", "receiver", "seal_after")),
        (SecondTechnique, ("id", "item", "scan", "technique", "category", "agreement", "found")),
        (Confirmation, ("id", "item", "state", "laboratory", "found", "quantities", "method")),
        (Note, ("id", "item", "written_at", "written_by", "text")),
    )  # fmt: skip
    for kind, fields in shown:
        rows = [
            tuple(_plain(getattr(one, name)) for name in fields)
            for one in sorted(records, key=lambda one: one.id)
            if type(one) is kind
        ]
        if rows:
            title = kind.KIND.capitalize().replace("_", " ")
            yield f"<h2>{title}</h2>" + _table(fields, rows)
        if rows and kind is Item:
            yield "<h2>How items stand</h2>" + _table(("item", "stands"), _stands(records))
    others = sorted({type(one).KIND for one in records} - {kind.KIND for kind, _ in shown})
    if others:
        yield f"<p>Besides, in records.jsonl: {escape(', '.join(others))}.</p>"


def _stands(records: Sequence[Record]) -> list[Sequence[str]]:
    """Return how each item stands, by the records that are here."""

    def of(kind: type[R]) -> list[R]:
        return [one for one in records if isinstance(one, kind)]

    amended = amended_in(of(Amendment))
    rows: list[Sequence[str]] = []
    for item in sorted(of(Item), key=lambda one: one.id):
        techniques = tuple(one for one in of(SecondTechnique) if one.item == item.id)
        answers = tuple(one for one in of(Confirmation) if one.item == item.id)
        scans = [one for one in of(Scan) if one.item == item.id]
        rows.append((item.id, stands_of_item(scans, Findings(techniques, answers, amended))))
    return rows


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads) if any(heads) else ""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(one)}</td>" for one in row) + "</tr>" for row in rows
    )
    return f"<table>{'<tr>' + head + '</tr>' if head else ''}{body}</table>"


def _links(rows: Iterable[tuple[str, str]]) -> str:
    items = "".join(
        f'<li><a href="{escape(name, quote=True)}">{escape(text)}</a></li>' for name, text in rows
    )
    return f"<ul>{items}</ul>" if items else "<p>none</p>"
