"""Faults planted into measured libraries from a seed: what `check` must find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from library.entry import Entry, EntryRecord, entry_id
from matching.spectrum import FloatArray, Spectrum

SHIFT_CM1 = 5.0


@dataclass(frozen=True, eq=False, slots=True)
class Plant:
    """A library with one fault.

    Parameters
    ----------
    entries : tuple of Entry
        The entries, the fault among them.
    wrong : tuple of str
        Identifiers of the entries that are wrong: one of them must be in an alarm.
    concerned : tuple of str
        Identifiers that an alarm may name beside them.
    """

    entries: tuple[Entry, ...]
    wrong: tuple[str, ...]
    concerned: tuple[str, ...]


def again(record: EntryRecord, spectrum: Spectrum, file: str = "planted") -> Entry:
    """Return an entry of a record with another spectrum."""
    new = replace(
        record,
        entry=entry_id(f"{record.name}|{file}", spectrum),
        content_sha256=spectrum.content_hash,
        laser_nm=spectrum.laser_nm,
        file=file,
        file_sha256="",
    )
    return Entry(new, spectrum)


def called(record: EntryRecord, name: str) -> EntryRecord:
    """Return a record of another name, with no other identifier."""
    return replace(record, name=name, group="", inchikey="", cas="", formula="", synonyms=())


def identified(record: EntryRecord, other: EntryRecord) -> EntryRecord:
    """Return a record with the identity of another."""
    return replace(
        record,
        name=other.name,
        group=other.group,
        inchikey=other.inchikey,
        cas=other.cas,
        formula=other.formula,
        synonyms=other.synonyms,
    )


def harmed(spectrum: Spectrum, rng: np.random.Generator) -> Spectrum:
    """Return a copy as another export would give it: scaled, resampled, with a little noise."""
    axis, values = spectrum.raman_shift_cm1, spectrum.intensity
    step = float(np.median(np.diff(axis))) * rng.uniform(0.8, 1.6)
    new = np.arange(axis[0] + rng.uniform(0, 2), axis[-1], step)
    moved = np.interp(new + rng.uniform(-0.5, 0.5), axis, values)
    noise = rng.uniform(0.001, 0.01) * float(np.ptp(values))
    made = rng.uniform(0.05, 20.0) * (moved + rng.normal(0.0, noise, new.size))
    return Spectrum(new, made, laser_nm=spectrum.laser_nm, technique=spectrum.technique)


def with_values(spectrum: Spectrum, values: FloatArray) -> Spectrum:
    """Return a spectrum on the same axis."""
    return replace(spectrum, intensity=values)


def _two(entries: Sequence[Entry], rng: np.random.Generator) -> tuple[int, int]:
    """Return two entries of different substances on one axis."""
    while True:
        one, other = rng.choice(len(entries), size=2, replace=False).tolist()
        first, second = entries[one], entries[other]
        alike = first.record.name == second.record.name or (
            first.record.group and first.record.group == second.record.group
        )
        related = first.record.inchikey and first.record.inchikey == second.record.inchikey
        same_axis = np.array_equal(first.spectrum.raman_shift_cm1, second.spectrum.raman_shift_cm1)
        if not alike and not related and same_axis:
            return one, other


def _ids(entries: Sequence[Entry], *rows: int) -> tuple[str, ...]:
    return tuple(entries[row].record.entry for row in rows)


def renamed_copy(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Add a copy (scaled, resampled, a little noise) under a name that nobody knows."""
    row = int(rng.integers(len(entries)))
    source = entries[row]
    copy = again(
        called(source.record, f"sample {rng.integers(1000)}"), harmed(source.spectrum, rng)
    )
    return Plant((*entries, copy), (copy.record.entry,), _ids(entries, row))


def scaled_copy(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Add an exactly scaled copy under the name and identifiers of another entry."""
    row, other = _two(entries, rng)
    source = entries[row]
    values = source.spectrum.intensity * rng.uniform(0.1, 10.0)
    record = identified(source.record, entries[other].record)
    copy = again(record, with_values(source.spectrum, values))
    return Plant((*entries, copy), (copy.record.entry,), _ids(entries, row, other))


def _replaced(entries: Sequence[Entry], row: int, entry: Entry) -> tuple[Entry, ...]:
    return (*entries[:row], entry, *entries[row + 1 :])


def mirrored_axis(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Turn the intensities of one entry around."""
    row = int(rng.integers(len(entries)))
    source = entries[row]
    entry = again(source.record, with_values(source.spectrum, source.spectrum.intensity[::-1]))
    return Plant(_replaced(entries, row, entry), (entry.record.entry,), ())


def swapped_pair(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Exchange the names and identifiers of two entries."""
    one, other = _two(entries, rng)
    first = again(identified(entries[one].record, entries[other].record), entries[one].spectrum)
    second = again(
        identified(entries[other].record, entries[one].record), entries[other].spectrum, "planted 2"
    )
    made = _replaced(_replaced(entries, one, first), other, second)
    return Plant(made, (first.record.entry, second.record.entry), ())


def shifted_axis(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Add 5 cm-1 to the axis of one entry, or take them off."""
    row = int(rng.integers(len(entries)))
    source, sign = entries[row], float(rng.choice((-1.0, 1.0)))
    axis = source.spectrum.raman_shift_cm1 + sign * SHIFT_CM1
    entry = again(source.record, replace(source.spectrum, raman_shift_cm1=axis))
    return Plant(_replaced(entries, row, entry), (entry.record.entry,), ())


def shifted_intensities(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Move the intensities of one entry by 5 cm-1 on an axis that stays."""
    row = int(rng.integers(len(entries)))
    source, sign = entries[row], float(rng.choice((-1.0, 1.0)))
    axis, values = source.spectrum.raman_shift_cm1, source.spectrum.intensity
    moved = np.interp(axis - sign * SHIFT_CM1, axis, values)
    entry = again(source.record, with_values(source.spectrum, moved))
    return Plant(_replaced(entries, row, entry), (entry.record.entry,), ())


def _sum(one: Spectrum, other: Spectrum, share: float) -> Spectrum:
    first, second = (s.intensity - s.intensity.min() for s in (one, other))
    return with_values(one, share * first / first.sum() + (1.0 - share) * second / second.sum())


def mixture(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Add the sum of two entries, 30 to 70 % of the light each, as a substance of its own."""
    one, other = _two(entries, rng)
    made = _sum(entries[one].spectrum, entries[other].spectrum, rng.uniform(0.3, 0.7))
    entry = again(called(entries[one].record, f"sample {rng.integers(1000)}"), made)
    return Plant((*entries, entry), (entry.record.entry,), _ids(entries, one, other))


def mixture_in_place(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Replace an entry by its mixture with another: 50 to 80 % of the light is its own."""
    one, other = _two(entries, rng)
    made = _sum(entries[one].spectrum, entries[other].spectrum, rng.uniform(0.5, 0.8))
    entry = again(entries[one].record, made)
    return Plant(_replaced(entries, one, entry), (entry.record.entry,), _ids(entries, other))


def neighbours_name(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """Replace an entry's spectrum by a harmed copy of another's; the other stays, too."""
    one, other = _two(entries, rng)
    entry = again(entries[one].record, harmed(entries[other].spectrum, rng))
    return Plant(_replaced(entries, one, entry), (entry.record.entry,), _ids(entries, other))


def alone_under_wrong_name(entries: Sequence[Entry], rng: np.random.Generator) -> Plant:
    """File the only spectrum of a substance under the name of another, which goes."""
    one, other = _two(entries, rng)
    entry = again(entries[one].record, entries[other].spectrum)
    made = list(_replaced(entries, one, entry))
    del made[other]
    return Plant(tuple(made), (entry.record.entry,), ())


FAULTS: dict[str, Callable[[Sequence[Entry], np.random.Generator], Plant]] = {
    "renamed copy": renamed_copy,
    "scaled copy under another name": scaled_copy,
    "mirrored axis": mirrored_axis,
    "swapped pair": swapped_pair,
    "axis shifted by 5 cm-1": shifted_axis,
    "intensities shifted by 5 cm-1": shifted_intensities,
    "mixture as a substance": mixture,
    "mixture in place of a substance": mixture_in_place,
    "under a neighbour's name": neighbours_name,
    "under a wrong name, alone": alone_under_wrong_name,
}
