"""The door to all readers: recognise by content, parse, choose."""

from __future__ import annotations

import functools
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from library.errors import (
    DamagedFileError,
    EmptyFileError,
    FileError,
    FileTooLargeError,
    SpectrumChoiceError,
    UnknownFormatError,
)
from library.formats import (
    cif,
    columns,
    foreign,
    jcamp,
    labspec_l6s,
    labspec_xml,
    nexus,
    opus,
    sif,
    spa,
    spc,
    spe,
    spectra_csv,
    trivista,
    wdf,
    witec,
)
from library.formats.assemble import assemble
from library.formats.compressed import unpacked
from library.formats.guided import Profiles, chosen, read_by
from library.formats.lone import refusal_of_one_column
from library.formats.records import (
    Column,
    NamedSpectrum,
    Reader,
    ReadResult,
    Request,
    Source,
    Trace,
    TraceFile,
)
from library.formats.text import EXPORT_AGAIN, EXPORT_AS, clip, is_blank, read_source
from library.formats.text_readers import TEXT_READERS
from matching.errors import SpectraError

MAX_FILE_BYTES = 200_000_000

# The first that recognises the content reads it: exact signatures first, bare numbers last. The
# station's own import profiles stand between the two.
SIGNED: tuple[Reader, ...] = (
    Reader(spectra_csv.NAME, spectra_csv.sniff, spectra_csv.parse),
    Reader(nexus.NAME, nexus.sniff, nexus.parse),
    Reader(jcamp.NAME, jcamp.sniff, jcamp.parse),
    Reader(opus.NAME, opus.sniff, opus.parse),
    Reader(witec.NAME, witec.sniff, witec.parse),
    Reader(labspec_l6s.NAME, labspec_l6s.sniff, labspec_l6s.parse),
    Reader(labspec_xml.NAME, labspec_xml.sniff, labspec_xml.parse),
    Reader(sif.NAME, sif.sniff, sif.parse),
    Reader(trivista.NAME, trivista.sniff, trivista.parse),
    Reader(cif.NAME, cif.sniff, cif.parse),
    Reader(wdf.NAME, wdf.sniff, wdf.parse),
    Reader(spa.NAME, spa.sniff, spa.parse),
    Reader(spe.NAME, spe.sniff, spe.parse),
    Reader(spc.NAME, spc.sniff, spc.parse),  # one byte is its signature: after the others
    *TEXT_READERS,
)
UNSIGNED: tuple[Reader, ...] = (Reader(columns.NAME, columns.sniff, columns.parse),)
READERS = SIGNED + UNSIGNED


def read_bytes(
    data: bytes,
    *,
    where: str,
    column: Column | None = None,
    laser_nm: float | None = None,
    partial: bool = False,
    profiles: Profiles = tuple,
) -> ReadResult:
    """Read all Raman spectra in the content of a file.

    Parameters
    ----------
    data : bytes
        The whole file.
    where : str
        Its name, for messages.
    column : {"processed", "raw", "raw-dark"} or None
        Which intensities; None takes the vendor's processed ones, or the only ones there are.
    laser_nm : float or None
        Laser line in nm; wins over the file's.
    partial : bool
        Whether to take what is left of a truncated file, marked so.
    profiles : callable
        Gives the station's import profiles; asked only when no signature recognises the content.

    Returns
    -------
    ReadResult
        Never empty; each axis increases strictly and every assumption is said.

    Raises
    ------
    SpectraError
        EmptyFileError, UnknownFormatError, DamagedFileError, PartialFileError, NotRamanError,
        FileTooLargeError,
        AmbiguousAxisError, LaserMissingError, ColumnMissingError, AxisError, IntensityError or
        SpectrumError, each with file, place and remedy.
    """
    try:
        return _read(data, Request(column, laser_nm, partial), profiles)
    except SpectraError as error:
        raise _placed(error, where) from error


def read_traces(
    data: bytes, *, where: str, column: Column | None = None, profiles: Profiles = tuple
) -> TraceFile:
    """Read all curves in the content of a file as they are there, whatever they are of.

    Parameters are those of `read_bytes`. A truncated file gives what is left, marked so.

    Raises
    ------
    SpectraError
        As `read_bytes`, but for what only a Raman spectrum has to meet.
    """
    try:
        return _parsed(data, Request(column), profiles)
    except SpectraError as error:
        raise _placed(error, where) from error


def _placed(error: SpectraError, where: str) -> SpectraError:
    placed = error.at(where)
    return placed if placed.remedy else type(placed)(placed.what, placed.where, "check the file")


def _read(data: bytes, request: Request, profiles: Profiles) -> ReadResult:
    found = _parsed(data, request, profiles)
    traces, left_out = _raman_only(found.traces)
    notes, seen = [*found.assumptions, *left_out], Counter[str | None]()
    spectra = []
    for trace in traces:
        seen[trace.name] += 1
        try:
            spectrum, more = assemble(trace, request)
        except SpectraError as error:
            if trace.name is None:
                raise
            raise error.at(f"spectrum {clip(trace.name)!r}") from error
        notes += [note for note in more if note not in notes]
        spectra.append(
            NamedSpectrum(trace.name, seen[trace.name], spectrum, trace.metadata, trace.marks)
        )
    return ReadResult(found.format, tuple(spectra), tuple(notes))


def _raman_only(traces: tuple[Trace, ...]) -> tuple[tuple[Trace, ...], list[str]]:
    """Leave out what the file says is something else, where it holds Raman spectra beside it."""
    raman = tuple(trace for trace in traces if not trace.kind)
    if not raman or len(raman) == len(traces):
        return traces, []
    count = Counter(trace.kind for trace in traces if trace.kind)
    others = "; ".join(f"{n} x {clip(kind)}" for kind, n in count.items())
    return raman, [f"Left out, because the file says that it is something else: {others}."]


def _parsed(data: bytes, request: Request, profiles: Profiles) -> TraceFile:
    if len(data) > MAX_FILE_BYTES:
        raise _file_too_large(len(data))
    data, unpacking = unpacked(data)
    if is_blank(data):
        raise EmptyFileError("the file is empty", "", "export or copy the file again")
    source = read_source(data)
    for reader in chain(SIGNED, _described(source, profiles), UNSIGNED):  # asked one by one
        if reader.sniff(source):
            parsed = reader.parse(source, request)
            if not parsed.traces:
                raise DamagedFileError("the file holds an axis and no curve", "", EXPORT_AGAIN)
            notes = (*unpacking, *source.assumptions, *parsed.notes)
            return TraceFile(reader.name, parsed.traces, notes)
    raise (
        foreign.refusal(source)
        or source.refusal
        or refusal_of_one_column(source)
        or _unknown(source)
    )


def _described(source: Source, profiles: Profiles) -> Iterator[Reader]:
    """Give a reader for the station's profile that recognises the file, once it is asked for."""
    profile = chosen(source, profiles())
    if profile is not None:
        parse = functools.partial(read_by, profile)
        yield Reader(f"import profile {profile.name}", lambda _: True, parse)


def _unknown(source: Source) -> SpectraError:
    first = next((line for line in source.lines if line.strip()), "")
    return UnknownFormatError(
        f"no reader recognises the content; it begins with {clip(first)!r}",
        "line 1",
        f"{EXPORT_AS}; or describe it in an import profile ('spectra formats preview')",
    )


def _file_too_large(size: int) -> FileTooLargeError:
    return FileTooLargeError(
        f"the file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read",
        "",
        "check that the file is a spectrum and not an image or a map",
    )


def read_file(
    path: Path,
    *,
    column: Column | None = None,
    laser_nm: float | None = None,
    partial: bool = False,
    profiles: Profiles = tuple,
) -> tuple[bytes, ReadResult]:
    """Read `path` once; return its bytes (the evidence) and what is in it.

    Raises
    ------
    FileError
        The file cannot be opened or read.
    SpectraError
        As `read_bytes`.
    """
    data = load(path)
    return data, read_bytes(
        data,
        where=str(path),
        column=column,
        laser_nm=laser_nm,
        partial=partial,
        profiles=profiles,
    )


def load(path: Path) -> bytes:
    """Return the bytes of an ordinary file of at most 200 MB; raise FileError otherwise."""
    where = str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileError("this is not an ordinary file", where, "give the path of one file")
        if status.st_size > MAX_FILE_BYTES:
            raise _file_too_large(status.st_size).at(where)
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise FileError("there is no such file", where, "check the path") from error
    except PermissionError as error:
        raise FileError(
            "the file may not be read", where, "ask for the right to read it, or copy it"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(
            f"the file cannot be read ({reason})", where, "check the disk or the connection"
        ) from error
    return data


def select(result: ReadResult, spectrum: str | None, *, where: str) -> tuple[NamedSpectrum, ...]:
    """Return the spectra asked for: None all, ``NAME``, or ``NAME#k`` (1-based) when repeated.

    Raises
    ------
    SpectrumChoiceError
        No such spectrum, or several of that name and no number; lists the choices.
    """
    chosen = _chosen([entry.name for entry in result.spectra], spectrum, where)
    return tuple(result.spectra[at] for at in chosen)


def select_traces(found: TraceFile, spectrum: str | None, *, where: str) -> tuple[Trace, ...]:
    """Return the curves asked for, as `select` does."""
    chosen = _chosen([trace.name for trace in found.traces], spectrum, where)
    return tuple(found.traces[at] for at in chosen)


def _chosen(names: Sequence[str | None], wanted: str | None, where: str) -> Sequence[int]:
    """Return the positions of the spectra that `wanted` names."""
    if wanted is None:
        return range(len(names))
    same = [at for at, name in enumerate(names) if name == wanted]
    if len(same) == 1:
        return same
    name, mark, index = wanted.rpartition("#")
    repeated = [at for at, each in enumerate(names) if each == name]
    if mark and index.isdecimal() and 1 <= int(index[:9]) <= len(repeated):
        return [repeated[int(index[:9]) - 1]]
    what = f"{len(same)} spectra are named" if same else "no spectrum is named"
    raise SpectrumChoiceError(f"{what} {clip(wanted, 80)!r}", where, _choices(names))


def _choices(names: Sequence[str | None]) -> str:
    if not any(name is not None for name in names):
        return "the file holds one spectrum without a name; do not ask for one by name"
    count, seen = Counter(names), Counter[str | None]()
    labels = []
    for name in names:
        seen[name] += 1
        if name is not None:
            labels.append(f"{name}#{seen[name]}" if count[name] > 1 else name)
    return "choose one of: " + "; ".join(labels)
