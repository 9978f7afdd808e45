"""What checks of libraries found, kept at the station; and who accepted a finding, and why.

The last report on a library is kept under its hash: another content is another library, to be
checked anew. What a person accepted is kept for the entries themselves, in a journal whose acts
are chained: it holds in every library with these very entries.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.quality import SEVERITIES
from matching.errors import SpectraError
from matching.spectrum import Spectrum
from spectra_app.errors import AppError
from spectra_app.records.durable import replace_whole
from spectra_app.records.journal import Journal
from spectra_app.services.curation import Person
from spectra_app.services.libraries import no_progress, open_library
from spectra_app.services.library_check import check_library, finding_json
from spectra_app.settings import data_folder, made

__all__ = ["SEVERITIES"]  # what the window names

FOLDER = "library-checks"
ACCEPTED = "finding accepted"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who accepted a finding, when (ISO 8601) and why."""

    by: str
    at: str
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class KeptFinding:
    """A finding as it is shown.

    Parameters
    ----------
    code, severity, what : str
        As in `library.quality.Finding`.
    cause, remedy : str
        Its likely cause, and what to do.
    entries : tuple of (str, str)
        Identifier and name of the entries concerned, the one most in doubt first.
    accepted : Accepted or None
        Who accepted it.
    """

    code: str
    severity: str
    what: str
    cause: str
    remedy: str
    entries: tuple[tuple[str, str], ...]
    accepted: Accepted | None = None

    @property
    def key(self) -> str:
        """What it is recognised by in another check."""
        return _key(self.code, (entry for entry, _name in self.entries))


@dataclass(frozen=True, eq=False, slots=True)
class KeptCheck:
    """The last check of a library: when it was, what it was compared with, what it found."""

    sha256: str
    at: str
    sources: tuple[str, ...]
    findings: tuple[KeptFinding, ...]

    def marks(self) -> dict[str, str]:
        """Return the worst severity for each entry with a finding that nobody accepted."""
        worst: dict[str, str] = {}
        for severity in reversed(SEVERITIES):
            for one in self.findings:
                if one.severity == severity and one.accepted is None:
                    worst.update((entry, severity) for entry, _name in one.entries)
        return worst


def check_and_keep(
    path: Path | None,
    at: str,
    *,
    folder: Path | None = None,
    progress: Callable[[float, str], None] = no_progress,
) -> KeptCheck:
    """Check a library, keep what was found, and return it.

    Parameters
    ----------
    path : Path or None
        The library; None for the one in use.
    at : str
        Now, ISO 8601.
    folder : Path, optional
        The data folder.
    progress : callable (share, words)
        Told how far the work is; may raise to stop it.

    Raises
    ------
    SpectraError
        When the library cannot be read or the report cannot be kept.
    """
    report = check_library(path, progress=progress)
    content = {
        "at": at,
        "sources": report.sources,
        "findings": [finding_json(one, report.records) for one in report.findings],
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    path = _file(report.info.sha256, folder)
    try:
        replace_whole(path, text.encode())
    except OSError as error:
        raise AppError(
            f"what the check found cannot be kept ({error.strerror})", str(path), "make room"
        ) from error
    return _read(report.info.sha256, content, folder)


def kept_check(sha256: str, folder: Path | None = None) -> KeptCheck | None:
    """Return the last check of a library by its hash; None when there was none.

    Raises
    ------
    AppError
        When it cannot be read.
    """
    path = _file(sha256, folder)
    try:
        content = json.loads(path.read_bytes())
        return _read(sha256, content, folder)
    except FileNotFoundError:
        return None
    except SpectraError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AppError(
            f"the last check of this library cannot be read ({error})",
            str(path),
            "check the library again",
        ) from error


def entries_of(
    path: Path | None, finding: KeptFinding, most: int = 2
) -> list[tuple[str, str, Spectrum]]:
    """Return identifier, name and spectrum of the entries a finding is about, the first `most`.

    Raises
    ------
    SpectraError
        When the library cannot be read, or is not the one any more that was checked.
    """
    with open_library(path) as library:
        return [
            (entry, name, library.checked_spectrum(library.row_of(entry)))
            for entry, name in finding.entries[:most]
        ]


def carry_over(old: str, new: str, gone: Collection[str] = (), folder: Path | None = None) -> None:
    """Keep the check of a library for the same one in which only statuses changed.

    Parameters
    ----------
    old, new : str
        Hashes of the library before and after.
    gone : collection of str
        Entries that were withdrawn: what was found about them is settled.
    """
    try:
        content = json.loads(_file(old, folder).read_bytes())
        content["findings"] = [
            one
            for one in content["findings"]
            if not any(entry["entry"] in gone for entry in one["entries"])
        ]
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        replace_whole(_file(new, folder), text.encode())
    except (OSError, ValueError, KeyError, TypeError):
        return  # the library counts as not checked: somebody checks it again


def accept(finding: KeptFinding, person: Person, reason: str, folder: Path | None = None) -> None:
    """Note that a person has looked at a finding and lets it stand.

    Raises
    ------
    AppError
        When no reason is given.
    """
    if not (person.name and reason.strip()):
        raise AppError(
            "a finding is accepted with a name and a reason", finding.what, "say why it is right"
        )
    entries = [entry for entry, _name in finding.entries]
    details = {"code": finding.code, "entries": sorted(entries), "by": person.name}
    _journal(folder).add(person.at, ACCEPTED, {**details, "reason": reason.strip()})


def _read(sha256: str, content: Mapping[str, Any], folder: Path | None) -> KeptCheck:
    known = _accepted(folder)
    findings = []
    for one in content["findings"]:
        entries = tuple((str(e["entry"]), str(e["name"])) for e in one["entries"])
        found = known.get(_key(one["code"], (entry for entry, _name in entries)))
        findings.append(
            KeptFinding(
                code=str(one["code"]),
                severity=str(one["severity"]),
                what=str(one["what"]),
                cause=str(one["likely_cause"]),
                remedy=str(one["what_to_do"]),
                entries=entries,
                accepted=found,
            )
        )
    return KeptCheck(sha256, str(content["at"]), tuple(content["sources"]), tuple(findings))


def _accepted(folder: Path | None) -> dict[str, Accepted]:
    return {
        _key(act.details["code"], act.details["entries"]): Accepted(
            act.details["by"], act.time, act.details["reason"]
        )
        for act in _journal(folder).acts()
        if act.act == ACCEPTED
    }


def _key(code: str, entries: Any) -> str:
    return " ".join((code, *sorted(entries)))


def _journal(folder: Path | None) -> Journal:
    return Journal(made((folder or data_folder()) / FOLDER) / "accepted.jsonl")


def _file(sha256: str, folder: Path | None) -> Path:
    return made((folder or data_folder()) / FOLDER) / f"{sha256}.json"
