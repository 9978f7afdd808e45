"""An import of references step by step: what was decided so far is kept, tried, then brought in.

Nothing enters a library before the last step. The trial builds a library of its own of what is to
enter and checks it, by itself and against the library it is meant for.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from library.quality import SEVERITIES, Finding
from library.seal import is_library
from spectra_app.errors import AppError
from spectra_app.records.durable import replace_whole
from spectra_app.services.curation import Person, append_entries
from spectra_app.services.import_looking import Column, Looked, name_from, who_is
from spectra_app.services.intake import Options
from spectra_app.services.libraries import BuildReport, build_library, no_progress
from spectra_app.services.library_check import check_library
from spectra_app.settings import data_folder, made

FOLDER = "library-imports"
STATE = "import.json"
FORMAT = "spectra-import-1"
IDENTITY = ("name", "cas", "inchikey", "laser_nm", "spectrum")
ABOUT = ("source", "licence", "supplier", "lot", "operator", "instrument")
GOOD = "good"

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Item:
    """One spectrum that may enter.

    Parameters
    ----------
    file : str
        The file.
    spectrum : str
        Which one of several in it; empty for the only one.
    name, cas, inchikey : str
        Whose spectrum it is.
    laser_nm : str
        Laser line stated by a person; empty where the file states it.
    take : bool
        Whether it is to enter.
    why_not : str
        Why it is not: what was wrong, or what a person said.
    """

    file: str
    spectrum: str = ""
    name: str = ""
    cas: str = ""
    inchikey: str = ""
    laser_nm: str = ""
    take: bool = True
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ImportState:
    """How far an import is.

    Parameters
    ----------
    step : int
        Which step somebody was at, from 0.
    items : tuple of Item
        What was chosen.
    about : dict of str to str
        What is said of all of them (`ABOUT`).
    target : str
        The library they are for; one that is not there yet is made.
    column : str
        Which intensities of vendor files; empty for the vendor's processed ones.
    by : str
        Who began it.
    """

    step: int = 0
    items: tuple[Item, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    target: str = ""
    column: str = ""
    by: str = ""

    @property
    def taken(self) -> tuple[Item, ...]:
        """What is to enter."""
        return tuple(item for item in self.items if item.take)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing found in a spectrum: its code in `library.quality.ISSUES`, and a sentence."""

    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial says of one spectrum: the worst severity, or ``good``, and why."""

    severity: str
    reasons: tuple[Reason, ...] = ()

    def __str__(self) -> str:
        return "; ".join(one.what for one in self.reasons)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an import: what entered, and what was refused and why."""

    report: BuildReport
    library: Path
    refused: tuple[tuple[str, str], ...]


# --- Leaving and resuming -------------------------------------------------------------------------


def kept_import(folder: Path | None = None) -> ImportState | None:
    """Return the import that was left; None when there is none.

    Raises
    ------
    AppError
        When it cannot be read.
    """
    path = _file(folder)
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError("it is of another version")
        items = tuple(Item(**one) for one in content["items"])
        about = tuple((str(key), str(text)) for key, text in content["about"])
        rest = {key: content[key] for key in ("step", "target", "column", "by")}
        return ImportState(items=items, about=about, **rest)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AppError(
            f"the import that was left cannot be read ({error})", str(path), "begin a new one"
        ) from error


def keep_import(state: ImportState, folder: Path | None = None) -> None:
    """Keep how far an import is.

    Raises
    ------
    AppError
        When the disk refuses.
    """
    path = _file(folder)
    text = json.dumps({"format": FORMAT, **asdict(state)}, ensure_ascii=False, indent=1)
    try:
        replace_whole(path, text.encode() + b"\n")
    except OSError as error:
        raise AppError(
            f"the import cannot be kept ({error.strerror})", str(path), "make room on the disk"
        ) from error


def forget_import(folder: Path | None = None) -> None:
    """Forget the import that was left; the files it was of stay where they are."""
    _file(folder).unlink(missing_ok=True)


def _file(folder: Path | None) -> Path:
    return made((folder or data_folder()) / FOLDER) / STATE


# --- Deciding -------------------------------------------------------------------------------------


def items_of(looked: Looked) -> tuple[Item, ...]:
    """Return an item for each spectrum in a file; a refused one where it cannot be read."""
    file = str(looked.path)
    if looked.error is not None:
        why = f"{looked.error.what}: {looked.error.remedy}" if looked.error.remedy else ""
        name = name_from(looked.path.stem)
        return (Item(file, name=name, take=False, why_not=why or looked.error.what),)
    if len(looked.spectra) == 1:
        return (identified(Item(file, name=name_from(looked.path.stem))),)
    several: dict[str | None, int] = {}
    for one in looked.spectra:
        several[one.name] = several.get(one.name, 0) + 1
    items = []
    for one in looked.spectra:
        label = one.name or ""
        which = f"{label}#{one.index}" if several[one.name] > 1 else label
        items.append(identified(Item(file, which, name_from(label or looked.path.stem))))
    return tuple(items)


def identified(item: Item) -> Item:
    """Return an item with the identifiers of the one substance that its name means."""
    found = who_is(item.name, item.cas, item.inchikey)
    if len(found) != 1:
        return item
    hit = found[0]
    salt, one = hit.salt, hit.substance
    inchikey = salt.inchikey if salt is not None else one.inchikey
    cas = (salt.cas[0] if salt.cas else "") if salt is not None else one.cas
    return replace(item, cas=item.cas or cas, inchikey=item.inchikey or inchikey)


def check_target(target: Path) -> None:
    """Check that a library may be added to, or made, at a path.

    Raises
    ------
    AppError
        When it is the program's own (installed, or the starter library), or no library.
    """
    own = (data_folder() / "libraries").absolute()
    if own in target.absolute().parents:
        raise AppError(
            "this library is in use or was released, and is never changed",
            str(target),
            "choose a library file of your own, or make a draft copy of it first",
        )
    if target.suffix.lower() != ".h5":
        raise AppError("a library ends in .h5", str(target), "give a name such as draft.h5")
    if target.exists() and not is_library(target):
        raise AppError("this file is there and is no library", str(target), "give another name")


# --- Trying and bringing in -----------------------------------------------------------------------


def trial(state: ImportState, person: Person, progress: Progress = no_progress) -> list[Verdict]:
    """Return a verdict on each of `ImportState.taken`, in order; no library is changed.

    Raises
    ------
    SpectraError
        When a file cannot be read any more, or the library it is for is damaged.
    """
    with staged(state, person) as manifest:
        library = manifest.parent / "trial.h5"
        options = Options(column=_column(state.column))
        build_library(
            manifest, library, options=options, progress=lambda s, w: progress(0.4 * s, w)
        )
        target = Path(state.target)
        against = [target] if state.target and target.exists() else []
        report = check_library(
            library, against=against, progress=lambda s, w: progress(0.4 + 0.6 * s, w)
        )
    places: dict[tuple[str, str], int] = {}
    for place, item in enumerate(state.taken):
        places[_staged_name(place, item), item.spectrum] = place
    found: list[list[Finding]] = [[] for _ in state.taken]
    for finding in report.findings:
        for row in finding.rows:
            record = report.records[row]
            place_of = _place_of(places, record.file, record.spectrum)
            if place_of is not None:
                found[place_of].append(finding)
    return [_verdict(one) for one in found]


def _place_of(places: dict[tuple[str, str], int], file: str, spectrum: str) -> int | None:
    """Return whose entry it is: items of one file are told apart by the spectrum's name."""
    mine = {which: place for (name, which), place in places.items() if name == file}
    if len(mine) == 1:
        return next(iter(mine.values()))
    return mine.get(spectrum, next((p for w, p in mine.items() if w.startswith(spectrum)), None))


def _verdict(found: Sequence[Finding]) -> Verdict:
    severities = [one.severity for one in found]
    worst = next((one for one in SEVERITIES if one in severities), GOOD)
    order = list(SEVERITIES)
    worst_first = sorted(found, key=lambda one: order.index(one.severity))
    reasons = [Reason(one.code, one.what) for one in worst_first]
    return Verdict(worst, tuple(dict.fromkeys(reasons)))


def bring_in(state: ImportState, person: Person, progress: Progress = no_progress) -> Imported:
    """Add what was decided to its library, as drafts; make the library when there is none.

    Raises
    ------
    SpectraError
        When a file cannot be read, or the library cannot be written: it is then as it was.
    """
    target = Path(state.target)
    check_target(target)
    options = Options(column=_column(state.column))
    with staged(state, person) as manifest:
        if target.exists():
            report = append_entries(target, manifest, options=options, progress=progress)
        else:
            name = target.stem
            report = build_library(manifest, target, name=name, options=options, progress=progress)
    refused = tuple((_title(item), item.why_not) for item in state.items if not item.take)
    return Imported(report, target, refused)


def _column(text: str) -> Column | None:
    known: dict[str, Column] = {"processed": "processed", "raw": "raw", "raw-dark": "raw-dark"}
    return known.get(text)


def _title(item: Item) -> str:
    name = Path(item.file).name
    return f"{name}: {item.spectrum}" if item.spectrum else name


@contextmanager
def staged(state: ImportState, person: Person) -> Iterator[Path]:
    """Copy what is to enter to a folder of its own, with a manifest; give the manifest.

    The record of an entry names the file as it stands there: without the folders of this computer.

    Raises
    ------
    SpectraError
        When nothing is to enter, or a file cannot be copied.
    """
    if not state.taken:
        raise AppError("nothing is to enter", "", "take at least one spectrum")
    columns = ("file", *IDENTITY, *ABOUT, "status", "status_by", "status_at")
    about = dict(state.about)
    with tempfile.TemporaryDirectory(prefix="spectra-import-") as scratch:
        folder = Path(scratch)
        rows = []
        for place, item in enumerate(state.taken):
            name = _staged_name(place, item)
            _copy(Path(item.file), folder / name)
            rows.append(
                {
                    "file": name,
                    **{key: getattr(item, key) for key in IDENTITY},
                    **{key: about.get(key, "") for key in ABOUT},
                    "status": "draft",
                    "status_by": person.name,
                    "status_at": person.at,
                }
            )
        manifest = folder / "manifest.csv"
        with manifest.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        yield manifest


def _staged_name(place: int, item: Item) -> str:
    """Return the name under which an item's file is copied; two files may be called the same."""
    return f"{place + 1:04}/{Path(item.file).name}"


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    except OSError as error:
        raise AppError(
            f"a file of the import cannot be read ({error.strerror})",
            str(source),
            "put the disk or stick back, or leave the file out",
        ) from error
