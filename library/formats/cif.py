"""Raman spectra in CIF, as the Raman Open Database keeps them (.rod): ``_raman_`` tags.

CIF is tags and values: a value stands behind its tag, or in the rows of a ``loop_``; quotes,
lines between two ``;`` and ``#`` remarks as CIF 1.1 has them. A spectrum is the loop of
``_raman_spectrum.raman_shift`` and an intensity; ``?`` and ``.`` are values not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from library.errors import DamagedFileError
from library.formats.checks import check_axis
from library.formats.octets import refuse_other_columns
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.text import EXPORT_AGAIN, clip, number
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "CIF with Raman spectra"
SHIFT, INTENSITY = "_raman_spectrum.raman_shift", "_raman_spectrum.intensity"
DEVICE, MEASUREMENT = "_raman_measurement_device.", "_raman_measurement."
METHOD = "_raman_determination.method"
UNKNOWN = ("?", ".")
HEAD_LINES = 2000
KEPT = re.compile(r"_(?:raman|chemical|rod|journal|publ)_")

_TOKEN = re.compile(r"""'(?:[^']|'(?=\S))*'(?=\s|$)|"(?:[^"]|"(?=\S))*"(?=\s|$)|#.*|\S+""")
_UNCERTAIN = re.compile(r"(.*[0-9.])\([0-9]{1,9}\)")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int
    quoted: bool = False


@dataclass(slots=True)
class _Block:
    name: str
    values: dict[str, str] = field(default_factory=dict)
    loops: list[tuple[list[str], list[_Token]]] = field(default_factory=list)


def sniff(source: Source) -> bool:
    """Tell whether a ``data_`` block begins and one of the lines is a tag of Raman CIF."""
    head = [line.lower() for line in source.lines[:HEAD_LINES]]
    return any(line.startswith("data_") for line in head) and any(
        line.startswith("_raman_") for line in head
    )


def parse(source: Source, request: Request) -> Parsed:
    """Read the spectrum of every block that has one."""
    refuse_other_columns(request, NAME)
    blocks = _blocks(_tokens(source.lines))
    spectra = [(block, loop) for block in blocks for loop in block.loops if SHIFT in loop[0]]
    if not spectra:
        raise DamagedFileError(f"it holds no loop of {SHIFT}", "", EXPORT_AGAIN)
    traces = tuple(_trace(block, *loop, several=len(spectra) > 1) for block, loop in spectra)
    return Parsed(traces)


def _tokens(lines: tuple[str, ...]) -> Iterator[_Token]:
    """Yield the words of a CIF, a text between two lines that begin with ``;`` as one."""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith(";"):
            first, text = at, [line[1:]]
            while at < len(lines) and not lines[at].startswith(";"):
                text.append(lines[at])
                at += 1
            if at == len(lines):
                raise DamagedFileError("a text in ';' has no end", f"line {first}", EXPORT_AGAIN)
            yield _Token("\n".join(text).strip(), first, quoted=True)
            line, at = lines[at][1:], at + 1
        for found in _TOKEN.finditer(line):
            word = found[0]
            if word.startswith("#"):
                break
            quoted = len(word) > 1 and word[0] in "'\"" and word[-1] == word[0]
            yield _Token(word[1:-1] if quoted else word, at, quoted)


class _Sorter:
    """Sort words into blocks, single values and loops."""

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self._tag: _Token | None = None
        self._loop: tuple[list[str], list[_Token]] | None = None

    def take(self, token: _Token) -> None:
        """Put one word in its place; raise DamagedFileError where it has none."""
        word = "" if token.quoted else token.text.lower()
        if word.startswith("data_"):
            self._end()
            self.blocks.append(_Block(token.text[5:]))
        elif not self.blocks:
            raise _wrong("it does not begin with a block", token)
        elif word == "loop_":
            self._end()
            self._loop = ([], [])
            self.blocks[-1].loops.append(self._loop)
        elif word.startswith("_"):
            self._take_tag(word, token.line)
        else:
            self._take_value(token)

    def done(self) -> list[_Block]:
        """Return the blocks; raise DamagedFileError for a tag or a row that is not whole."""
        self._end()
        for block in self.blocks:
            for tags, cells in block.loops:
                if cells and len(cells) % len(tags):
                    raise _wrong("the last row of the loop is not whole", cells[-1])
        return self.blocks

    def _end(self) -> None:
        if self._tag is not None:
            raise _wrong("the value is missing", self._tag)
        self._loop = None

    def _take_tag(self, word: str, line: int) -> None:
        if self._loop is not None and not self._loop[1]:
            self._loop[0].append(word)
            return
        self._end()
        self._tag = _Token(word, line)

    def _take_value(self, token: _Token) -> None:
        if self._tag is not None:
            self.blocks[-1].values[self._tag.text], self._tag = token.text, None
        elif self._loop is not None and self._loop[0]:
            self._loop[1].append(token)
        else:
            raise _wrong("a value has no tag", token)


def _blocks(tokens: Iterator[_Token]) -> list[_Block]:
    sorter = _Sorter()
    for token in tokens:
        sorter.take(token)
    return sorter.done()


def _wrong(what: str, token: _Token) -> DamagedFileError:
    return DamagedFileError(f"{what}: {clip(token.text)!r}", f"line {token.line}", EXPORT_AGAIN)


def _trace(block: _Block, tags: list[str], cells: list[_Token], *, several: bool) -> Trace:
    ordinates = [tag for tag in tags if tag == INTENSITY] or [
        tag for tag in tags if tag.startswith(INTENSITY)
    ]
    if not ordinates or not cells:
        raise DamagedFileError(
            "a spectrum has no intensities", f"block {block.name!r}", EXPORT_AGAIN
        )
    width = len(tags)
    shift = _numbers(cells[tags.index(SHIFT) :: width])
    intensity = _numbers(cells[tags.index(ordinates[0]) :: width], gaps=True)
    check_axis(shift, f"line {cells[0].line}")
    if np.isnan(intensity).all():
        raise DamagedFileError("no intensity is known", f"line {cells[0].line}", EXPORT_AGAIN)
    method = block.values.get(METHOD, "experimental").lower()
    gaps = bool(np.isnan(intensity).any())
    return Trace(
        intensity=intensity,
        shift_cm1=shift,
        kind="" if method in {"experimental", *UNKNOWN} else f"a spectrum by {method} means",
        name=block.name if several else None,
        laser_nm=_laser(block),
        acquisition=_acquisition(block),
        history=(Step("column read", (("column", ordinates[0]),)), *_steps(block)),
        metadata=_metadata(block),
        marks=frozenset({"missing values"} if gaps else ()),
        first_line=cells[0].line,
    )


def _numbers(cells: list[_Token], *, gaps: bool = False) -> FloatArray:
    values = np.empty(len(cells))
    for at, cell in enumerate(cells):
        certain = _UNCERTAIN.fullmatch(cell.text)
        value = number(certain[1] if certain else cell.text) if "," not in cell.text else None
        if value is None and not (gaps and cell.text in UNKNOWN):
            raise _wrong("not a number", cell)
        values[at] = np.nan if value is None else value
    return values


def _known(block: _Block, tag: str) -> str | None:
    value = block.values.get(tag)
    return None if value is None or value in UNKNOWN else value


def _amount(block: _Block, tag: str) -> float | None:
    text = _known(block, tag)
    value = number(text) if text else None
    return value if value is not None and value > 0 else None


def _laser(block: _Block) -> float | None:
    laser = _amount(block, f"{DEVICE}excitation_laser_wavelength")
    return laser if laser is not None and 150 <= laser <= 2500 else None


def _acquisition(block: _Block) -> Acquisition:
    seconds = _amount(block, f"{MEASUREMENT}integration_time")
    power = _known(block, f"{DEVICE}power_on_sample")
    averages = _amount(block, f"{MEASUREMENT}number_of_accumulations")
    return Acquisition(
        integration_time_ms=seconds * 1000 if seconds else None,
        averages=int(averages) if averages and averages == int(averages) else None,
        laser_power=f"{power} mW" if power else None,
        instrument=_known(block, f"{DEVICE}model"),
        measured_at=_known(block, f"{MEASUREMENT}datetime_initiated"),
    )


def _steps(block: _Block) -> tuple[Step, ...]:
    done = ("background_subtraction", "baseline_correction")
    return tuple(
        Step(name.replace("_", " "))
        for name in done
        if (_known(block, MEASUREMENT + name) or "no").lower() not in {"no", "none"}
    )


def _metadata(block: _Block) -> Metadata:
    return tuple(
        (tag, " ".join(value.split()))
        for tag, value in block.values.items()
        if KEPT.match(tag) and value not in UNKNOWN
    )
