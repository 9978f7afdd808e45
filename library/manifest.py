"""Manifests: a CSV that says what each file holds."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from library.entry import KINDS, ROLES, STATUSES
from library.errors import ManifestError, SeveralFaultsError
from matching.errors import SpectraError

AS_WRITTEN = frozenset(  # columns that go into a record as they are, under the same name
    {"group", "cas", "inchikey", "formula", "smiles", "form", "family", "lot", "certificate"}
    | {"purity", "supplier", "calibration", "operator", "measured_at", "source", "licence"}
    | {"reliability", "status_reason", "status_by", "status_at"}
)
KNOWN = AS_WRITTEN | (
    {"file", "name", "synonyms", "composition", "spectrum", "class", "role", "kind", "technique"}
    | {"laser_nm", "resolution_cm1", "serial", "instrument", "status"}
    | {"replaces", "replicate"}
)
INCHIKEY = re.compile("[A-Z]{14}-[A-Z]{10}-[A-Z]")
PURITY = re.compile(r"\s*[<>=≤≥~≈]*\s*([0-9]+(?:[.,][0-9]*)?)\s*%?\s*")  # one number, per cent
SHOWN = 20  # faults of one manifest that are told
NUMBERS = {  # columns that hold numbers: between which limits, and what they are
    "laser_nm": ((150.0, 2500.0), "the wavelength in nanometres"),
    "resolution_cm1": ((0.01, 200.0), "the full width at half maximum"),
}


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One row: a file (or one spectrum of it) and what it is.

    Parameters
    ----------
    path : Path
        The file, resolved against the manifest's folder.
    line : int
        Line of the manifest, for messages.
    fields : dict
        All columns, stripped; the ones the program knows are listed in `KNOWN`.
    composition : tuple of (str, float)
        Components and their fractions, when the row states a mixture.
    laser_nm : float or None
        Excitation wavelength; None when absent or ``unknown``.
    resolution_cm1 : float or None
        Spectral resolution; None when absent or ``unknown``.
    synonyms : tuple of str
        Other names; the column separates them by semicolons.
    """

    path: Path
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    composition: tuple[tuple[str, float], ...] = ()
    laser_nm: float | None = None
    resolution_cm1: float | None = None
    synonyms: tuple[str, ...] = ()

    def get(self, column: str) -> str:
        """Return the text of a column, empty when absent."""
        return self.fields.get(column, "")

    @property
    def extra(self) -> dict[str, str]:
        """Columns the program does not know: kept as metadata."""
        return {key: value for key, value in self.fields.items() if key not in KNOWN and value}


def read_manifest(path: Path) -> list[ManifestRow]:
    """Read a manifest.

    Parameters
    ----------
    path : Path
        CSV with a header that has at least the column ``file``.

    Raises
    ------
    ManifestError
        Naming the file, the line and the remedy.
    SeveralFaultsError
        When more than one row cannot be used.
    """
    if path.exists() and not path.is_file():
        raise ManifestError(
            "this is a folder or a device, not a manifest", str(path), "give a CSV file"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ManifestError(
            f"the manifest cannot be read ({error.strerror})", str(path), "check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise ManifestError(
            "the manifest is not UTF-8 text", str(path), "save it as CSV in UTF-8"
        ) from error
    reader = csv.DictReader(io.StringIO(text))
    if "file" not in (reader.fieldnames or ()):
        raise ManifestError(
            "the header has no column 'file'",
            str(path),
            "give each row the path of a spectrum file, relative to the manifest",
        )
    repeated = [n for n, times in Counter(reader.fieldnames or ()).items() if times > 1]
    if repeated:  # the last one would win in silence: perhaps the wrong name
        raise ManifestError(
            f"the column {repeated[0]!r} is there more than once", str(path), "keep one of them"
        )
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ManifestError(
            f"the CSV is damaged ({error})", f"{path}, line {reader.line_num}", "save it again"
        ) from error
    found: list[ManifestRow] = []
    faults: list[SpectraError] = []
    for line, row in rows:
        try:
            found.append(manifest_row(path, line, row))
        except ManifestError as error:
            faults.append(error)
    refuse(faults, str(path))
    return found


def refuse(faults: Sequence[SpectraError], where: str) -> None:
    """Raise what was wrong with rows or files of a manifest, all of it at once; nothing for none.

    Raises
    ------
    SpectraError
        The only fault as it is.
    SeveralFaultsError
        Several, one to a line; what is beyond `SHOWN` is counted.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        lines = [f"  {fault}" for fault in faults[:SHOWN]]
        if len(faults) > SHOWN:
            lines.append(f"  and {len(faults) - SHOWN:,} more")
        raise SeveralFaultsError(
            "\n".join([f"{len(faults):,} rows or files cannot be used:", *lines]),
            where,
            "nothing was written",
        )


def manifest_row(manifest: Path, line: int, row: dict[str, str | None]) -> ManifestRow:
    """Check one row and turn it into a record; `line` is its line in the manifest."""
    where = f"{manifest}, line {line}"
    if None in row:
        raise ManifestError("more fields than the header has", where, "quote fields with commas")
    fields = {key: (value or "").strip() for key, value in row.items()}
    if not fields["file"]:
        raise ManifestError("the column 'file' is empty", where, "name the spectrum file")
    _check_choice(fields, "kind", KINDS, where)
    _check_choice(fields, "role", ROLES, where)
    _check_choice(fields, "technique", ("Raman", "SERS"), where)
    _check_choice(fields, "status", STATUSES, where)
    check_texts(fields, where)
    return ManifestRow(
        path=manifest.parent / fields["file"],
        line=line,
        fields=fields,
        composition=_composition(fields.get("composition", ""), where),
        laser_nm=known_number(fields, "laser_nm", where),
        resolution_cm1=known_number(fields, "resolution_cm1", where),
        synonyms=tuple(filter(None, map(str.strip, fields.get("synonyms", "").split(";")))),
    )


def check_texts(fields: Mapping[str, str], where: str) -> None:
    """Check a CAS number and InChIKey, which decide whose control status is told, and a purity.

    Raises
    ------
    ManifestError
        When one of them cannot be what its column says.
    """
    _check_cas(fields, where)
    inchikey, purity = fields.get("inchikey", ""), fields.get("purity", "")
    if inchikey and not INCHIKEY.fullmatch(inchikey):
        raise ManifestError(
            f"inchikey is {inchikey!r}: that is no InChIKey",
            where,
            "give 14, 10 and 1 capital letters with hyphens between them, or leave it empty",
        )
    share = PURITY.fullmatch(purity)
    if share and float(share[1].replace(",", ".")) > 100.0:
        raise ManifestError(
            f"purity is {purity!r}, more than 100 %", where, "read it again from the certificate"
        )


def _check_cas(fields: Mapping[str, str], where: str) -> None:
    cas = fields.get("cas", "")
    if cas:
        from stdnum import casrn

        if not casrn.is_valid(cas):
            raise ManifestError(
                f"cas is {cas!r}: that is no CAS number (its form or its check digit is wrong)",
                where,
                "read it again from the bottle, or leave it empty",
            )


def _check_choice(
    fields: dict[str, str], column: str, allowed: tuple[str, ...], where: str
) -> None:
    value = fields.get(column, "")
    if value and value not in allowed:
        raise ManifestError(
            f"{column} is {value!r}", where, f"use one of: {', '.join(allowed)}, or leave it empty"
        )


def known_number(fields: Mapping[str, str], column: str, where: str) -> float | None:
    """Return the number in a column of `NUMBERS`, None when it is empty or ``unknown``.

    Raises
    ------
    ManifestError
        When it is no number, or none that the column can hold.
    """
    limits, what = NUMBERS[column]
    text = fields.get(column, "").strip()
    if not text or text == "unknown":
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not limits[0] <= value <= limits[1]:
        raise ManifestError(f"{column} is {text!r}", where, f"give {what}, or 'unknown'")
    return value


def _composition(text: str, where: str) -> tuple[tuple[str, float], ...]:
    parts = []
    for item in filter(None, (part.strip() for part in text.split("+"))):
        name, _, share = item.rpartition(":")
        try:
            fraction = float(share)
        except ValueError:
            fraction = float("nan")
        if not name.strip() or not 0.0 < fraction <= 1.0:
            raise ManifestError(
                f"composition {text!r} cannot be read",
                where,
                "write it as name:fraction+name:fraction with fractions from 0 to 1",
            )
        parts.append((name.strip(), fraction))
    return tuple(parts)
