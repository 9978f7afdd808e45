"""What every check of a library works on, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from library.entry import EntryRecord
from library.findings import references
from library.quality_identity import identity
from library.store import Library
from matching.coarse import Coarse, coarse
from matching.confusion import References
from matching.policy import Policy


@dataclass(frozen=True, eq=False, slots=True)
class Collection:
    """References with their records, as they are compared with each other.

    Parameters
    ----------
    title : str
        What a sentence calls it, for example ``the published bands``.
    refs : References
        The references.
    records : tuple of EntryRecord
        Their records.
    identities : tuple of frozenset
        Keys of each one's substance, see `identity`.
    coarse : Coarse
        Their coarse spectra.
    """

    title: str
    refs: References
    records: tuple[EntryRecord, ...]
    identities: tuple[frozenset[str], ...]
    coarse: Coarse

    @property
    def size(self) -> int:
        """Number of references."""
        return len(self.records)

    def same(self, row: int, other: int) -> bool:
        """Tell whether two rows may be one substance by what their records say."""
        substance = self.refs.matrix.substance
        named = not self.identities[row].isdisjoint(self.identities[other])
        return named or bool(substance[row] == substance[other])


def collection(library: Library, title: str) -> Collection:
    """Return a library as a collection."""
    records = tuple(library.records())
    refs = references(library)
    return Collection(title, refs, records, tuple(map(identity, records)), coarse(refs.matrix))


@dataclass(frozen=True, slots=True)
class Limits:
    """From which figures on something is found; all follow from the policy of verdicts.

    Parameters
    ----------
    same : float
        Evidence from which two spectra are of one substance: what a name needs, and the lead over
        its rival beside. Measured pairs of different substances stay below 1.1 on one instrument
        and on two.
    fits : float
        Evidence from which a drawn or a distant reference fits.
    lead : float
        By how much the evidence for another substance must exceed that for the own one.
    unlike : float
        Evidence below which two spectra are not of one substance.
    shift_cm1 : float
        Deviation of an axis, against the others of its session, from which it is wrong.
    policy : Policy
        The policy: how two spectra are compared.
    """

    same: float
    fits: float
    lead: float
    unlike: float
    shift_cm1: float
    policy: Policy


def limits(policy: Policy) -> Limits:
    """Return the limits that follow from a policy."""
    rule = policy.thresholds
    return Limits(
        same=rule.name + rule.rival,
        fits=rule.name - rule.rival,
        lead=rule.rival,
        unlike=rule.support - rule.rival,
        shift_cm1=2.5,
        policy=policy,
    )


def session(record: EntryRecord) -> str:
    """Return what stands for the axis of a spectrum: its instrument, or its published source."""
    if record.kind == "reconstructed":
        return record.source.partition(":")[0]
    return record.serial or record.instrument or f"{record.laser_nm}"


def sentence_list(names: Sequence[str]) -> str:
    """Return names as they are listed in a sentence, at most four of them."""
    shown = [f"'{name}'" for name in names[:4]]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(shown) + more
