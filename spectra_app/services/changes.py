"""What a library changes: against another one, and against what this station has found so far."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from library.archive import LIBRARY, looks_like_package
from library.difference import Difference, difference
from library.entry import EntryRecord
from library.errors import LibraryError, PackageManifestError
from library.package import check_copied, check_manifest, read_package
from library.store import Library
from library.trusted_keys import LIBRARY as PURPOSE
from library.trusted_keys import signed_content
from matching.errors import SpectraError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.engine import Engine
from spectra_app.services.identify import Identifier
from spectra_app.services.installing import Checked
from spectra_app.services.libraries import open_library
from spectra_app.services.policies import load_policy
from spectra_app.services.recheck import recheck
from spectra_app.services.station import Station

Progress = Callable[[float, str], None]
SHOWN = 20
COUNTED = {
    "added": "added",
    "withdrawn": "withdrawn",
    "missing": "not in the new one",
    "changed": "changed",
}


def contents(path: Path) -> tuple[list[EntryRecord], dict[str, str]]:
    """Return the records of a library or package, and why a package withdraws which entries.

    A package is not believed by this.

    Raises
    ------
    SpectraError
        When it is neither, or damaged.
    """
    if not path.is_file():
        raise LibraryError("there is no such file", str(path), "check the path")
    if not looks_like_package(path):
        with Library(path) as library:
            return list(library.records()), {}
    package = read_package(path)
    signed_content(package.signed.payload, PURPOSE, str(path))
    check_manifest(package)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / LIBRARY
        check_copied(package, package.copy_library(target))
        with Library(target) as library:
            return list(library.records()), _reasons(package.manifest)


def between(first: Path, second: Path) -> dict[str, Any]:
    """Return what differs between two libraries or packages, as ``library diff --json`` prints."""
    records, reasons = contents(second)
    found = difference(contents(first)[0], records)
    return {"first": str(first), "second": str(second), **_report(found, reasons)}


def _reasons(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return why the entries that a release withdraws were withdrawn, by identifier."""
    try:
        return {str(one["entry"]): str(one["reason"]) for one in manifest["withdrawn"]}
    except (KeyError, TypeError) as error:
        raise PackageManifestError(
            "the manifest does not say what is withdrawn", "", "ask its maker for the package"
        ) from error


def _report(found: Sequence[Difference], reasons: Mapping[str, str]) -> dict[str, Any]:
    """Return differences as JSON; what somebody withdrew is told from what is just not there."""
    substances = [one.to_json() for one in found]
    for one in substances:
        known = [
            {**item, "reason": reasons.get(item["entry"], item.get("reason"))}
            for item in one["withdrawn"]
        ]
        one["withdrawn"] = [item for item in known if item["reason"] is not None]
        one["missing"] = [item for item in known if item["reason"] is None]
        for item in one["missing"]:
            del item["reason"]
    counts = {
        kind: sum(len(one[kind]) for one in substances)
        for kind in ("added", "withdrawn", "missing", "changed")
    }
    return {**counts, "substances": substances}


def of_install(
    found: Checked, station: Station, results: Path | None, progress: Progress
) -> dict[str, Any]:
    """Return what installing a checked package would change.

    Parameters
    ----------
    found : Checked
        The package, unpacked.
    station : Station
        Where it would be installed.
    results : Path or None
        Folder with results of this station; None when there are none to look at.
    progress : callable (share, words)
        Told how far the work is.
    """
    with ExitStack() as stack:
        new = stack.enter_context(open_library(found.library))
        present, in_use = _present(station)
        before = list(stack.enter_context(present).records()) if present else []
        differing = difference(before, list(new.records()))
        report: dict[str, Any] = {
            "package": str(found.package.path),
            "name": found.statement.value["name"],
            "version": found.statement.value["version"],
            "sequence": found.statement.value["sequence"],
            "expires": found.statement.value["expires"],
            "notes": found.package.notes,
            "signers": [key.title for key in found.statement.signers],
            "in_use": in_use,
            **_report(differing, _reasons(found.statement.value)),
            "results": None,
        }
        if results is not None:
            report["results"] = _results(results, present, new, station, progress)
    return report


def _present(station: Station) -> tuple[Library | None, str]:
    """Return the library in use and what it is called; None where it cannot be opened.

    A library that was lost, or was made for an earlier program, is mended by installing another.
    """
    try:
        active, library = station.active(), open_library(folder=station.folder)
    except SpectraError as error:
        return None, f"it cannot be opened: {error.what}"
    return library, f"{active.name}, number {active.sequence}" if active else library.info.name


def _results(
    folder: Path, present: Library | None, new: Library, station: Station, progress: Progress
) -> dict[str, Any]:
    if not folder.exists():
        raise LibraryError("there is no such folder of results", str(folder), "check --results")
    store = EvidenceStore(station.folder / "evidence")
    policy = load_policy()
    fresh = Identifier(Engine(new, policy), store)
    old = Identifier(Engine(present, policy), store) if present else None
    return asdict(recheck(folder, fresh, old, store=store, progress=progress))


def install_text(report: dict[str, Any]) -> str:
    """Return what installing would change, for a person."""
    lines = [
        f"{report['name']}, version {report['version']}, number {report['sequence']}, to be "
        f"installed before {report['expires'][:10]}",
        *(f"  signed by {signer}" for signer in report["signers"]),
        *([f"  notes: {report['notes']}"] if report["notes"] else []),
        f"Against the library in use ({report['in_use']}):",
        *difference_lines(report),
        *_result_lines(report["results"]),
    ]
    return "\n".join(lines)


def difference_lines(report: dict[str, Any]) -> list[str]:
    """Return what differs as lines for a person; long lists are counted."""
    counts = ", ".join(f"{report[key]:,} {words}" for key, words in COUNTED.items())
    lines = [f"  entries: {counts}"]
    for one in report["substances"][:SHOWN]:
        lines.append(f"  {one['substance']}")
        lines += [f"    added      {item['entry']}  {item['name']}" for item in one["added"]]
        for item in one["withdrawn"]:
            why = f": {item['reason']}" if item.get("reason") else ""
            lines.append(f"    withdrawn  {item['entry']}  {item['name']}{why}")
        lines += [
            f"    missing    {item['entry']}  {item['name']}: not in the new one"
            for item in one["missing"]
        ]
        for item in one["changed"]:
            what = "; ".join(f"{key}: {old} -> {new}" for key, (old, new) in item["what"].items())
            lines.append(f"    changed    {item['entry']}  {what}")
    if len(report["substances"]) > SHOWN:
        lines.append(f"  ... and {len(report['substances']) - SHOWN:,} more substances (--json)")
    return lines


def results_changed(report: dict[str, Any]) -> int:
    """Return how many past results would be others; -1 when none was looked at."""
    results = report["results"]
    return len(results["changed"]) if results and results["results"] else -1


def _result_lines(results: dict[str, Any] | None) -> list[str]:
    if results is None:
        return [
            "Which past results would change is NOT KNOWN: give their folder with --results FOLDER"
        ]
    changed, not_done = results["changed"], results["not_done"]
    if not results["results"]:
        return [
            "Which past results would change is NOT KNOWN: that folder holds no results of Spectra"
        ]
    lines = [f"Past results: {len(changed):,} of {results['results']:,} would change"]
    for one in changed[:SHOWN]:
        before, after = one["before"], one["after"]
        lines.append(
            f"  {one['file']}: {_verdict(before)} -> {_verdict(after)} (because of the "
            f"{one['because']})"
        )
    if len(changed) > SHOWN:
        lines.append(f"  ... and {len(changed) - SHOWN:,} more (--json)")
    if not_done:
        lines.append(f"  {len(not_done):,} could not be identified again:")
        lines += [f"    {one.get('file', one['where'])}: {one['why']}" for one in not_done[:SHOWN]]
    return lines


def _verdict(one: dict[str, Any]) -> str:
    return f"{one['outcome']} {' + '.join(one['names'])}".strip()
