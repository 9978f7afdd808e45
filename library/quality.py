"""What `check` finds in a library: frozen findings, and what each kind of finding means.

A finding that says that a name, an axis or an identifier is wrong is an *alarm* (severity
``contradiction`` or ``error``): the entry must not be trusted until a person has looked at it. All
others are remarks (``warning``, ``note``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from library.entry import EntryRecord

Severity = Literal["contradiction", "error", "warning", "note"]
SEVERITIES: tuple[str, ...] = get_args(Severity)  # the worst first
ALARMS: frozenset[str] = frozenset({"contradiction", "error"})


@dataclass(frozen=True, slots=True)
class Issue:
    """A kind of finding: how bad it is, its likely cause, and what to do about it."""

    severity: Severity
    cause: str
    remedy: str


ISSUES: Mapping[str, Issue] = {
    "same_spectrum_two_names": Issue(
        "contradiction",
        "one of the two files was saved, copied or renamed under a wrong name, or both names mean "
        "one substance",
        "compare both with the original files; withdraw the wrong one, or give both one group",
    ),
    "names_swapped": Issue(
        "contradiction",
        "the names of two entries were exchanged",
        "compare both with the original files and exchange the names in a new version",
    ),
    "looks_like_another": Issue(
        "contradiction",
        "the spectrum of another substance was filed under this name",
        "compare with the original file; measure the substance again under its own name",
    ),
    "mixture_as_substance": Issue(
        "contradiction",
        "a mixture, or a contaminated sample, was filed as a pure substance",
        "measure a pure sample, or give the entry the role 'mixture'",
    ),
    "disagrees_with_its_substance": Issue(
        "contradiction",
        "the other entries of this substance agree with each other; this one is another "
        "substance, another form, or its axis is wrong",
        "compare with the original file; state salt, hydrate or polymorph if it is another form",
    ),
    "identifiers_disagree": Issue(
        "contradiction",
        "a name or an identifier was taken from the wrong row",
        "look the identifiers up again and correct the wrong one",
    ),
    "one_name_two_structures": Issue(
        "contradiction",
        "entries of one name carry InChIKeys of different structures",
        "look the InChIKeys up again and correct the wrong one",
    ),
    "axis_mirrored": Issue(
        "error",
        "the intensities run against the axis: the file lists them from high to low Raman shift",
        "import the original file again with the axis in the right order",
    ),
    "axis_shifted": Issue(
        "error",
        "the axis of this spectrum is off: wrong laser line, or no calibration",
        "calibrate with a standard, or import the original file again",
    ),
    "padded": Issue(
        "error",
        "the spectrum was moved along its axis, and the end filled up with its last value",
        "import the instrument's own file",
    ),
    "session_shifted": Issue(
        "error",
        "the instrument was not calibrated when these entries were measured",
        "calibrate with a standard, correct the axis and import the whole session again",
    ),
    "axis_doubtful": Issue(
        "error",
        "there are bands where hardly any molecule has one: wrong laser line, wrong unit or a "
        "mirrored axis",
        "check unit and laser line of the file and import it again",
    ),
    "cas_check_digit": Issue(
        "error", "a digit of the CAS number is mistyped", "look the number up again"
    ),
    "inchikey_form": Issue(
        "error", "the InChIKey is mistyped or cut off", "take it from its source again"
    ),
    "does_not_find_itself": Issue(
        "error",
        "the search data of the entry do not belong to its spectrum",
        "build the library again, or restore it from its release",
    ),
    "not_a_measurement": Issue(
        "error",
        "the intensities are a list of bands or a drawn curve, no measured spectrum",
        "import the measured spectrum, or give the entry the kind 'reconstructed'",
    ),
    "too_few_points": Issue(
        "error",
        "the spectrum has too few points for its range: a band may fall between two of them",
        "export it at the full resolution of the instrument",
    ),
    "saturated": Issue(
        "error",
        "the detector was at its limit: the strongest bands are cut off",
        "measure again with less power or time",
    ),
    "too_weak": Issue(
        "error",
        "the bands hardly stand above the noise",
        "measure longer, with more power, or a larger sample",
    ),
    "resembles_another": Issue(
        "warning",
        "it is another name of the same substance that the tables do not know, or a wrong name",
        "if it is the same substance, add InChIKey or group; otherwise compare with the file",
    ),
    "one_substance_two_names": Issue(
        "warning",
        "synonyms, a form that the name states and the InChIKey does not, or one wrong name",
        "use one name and list the other as a synonym, or state the form",
    ),
    "same_substance_differs": Issue(
        "warning",
        "another salt, hydrate or polymorph, a poor scan, or a wrong name",
        "state the form of each; if both are one form, compare with the original files",
    ),
    "published_bands_missing": Issue(
        "warning",
        "a poor scan, another form, or a wrong name",
        "compare with the original file, or measure again",
    ),
    "weak": Issue(
        "warning", "a short exposure or a weak scatterer", "measure longer or average more scans"
    ),
    "fluorescent": Issue(
        "warning",
        "the sample or the container fluoresces; weak bands may be lost in it",
        "measure at a longer laser wavelength, or another sample",
    ),
    "negative_lobes": Issue(
        "warning",
        "a background was subtracted that was too large: intensities fall below zero",
        "import the spectrum as measured; the program takes the background away itself",
    ),
    "gap": Issue(
        "warning",
        "a piece of the axis is missing; only the longest piece is compared",
        "import the whole range",
    ),
    "short_range": Issue(
        "warning",
        "the spectrum covers too little to tell substances apart",
        "measure or export the whole range",
    ),
    "resampled": Issue(
        "warning",
        "the spectrum was resampled before it was imported",
        "import the instrument's own file when there is one",
    ),
    "laser_unknown": Issue(
        "warning",
        "the file does not state the laser line; such an entry cannot be released",
        "state laser_nm in the manifest",
    ),
    "another_spelling": Issue(
        "note",
        "another spelling, or an abbreviation, that the tables do not know",
        "if it is the same substance, add its InChIKey or the other name as a synonym",
    ),
    "held_twice": Issue(
        "note", "a substance was measured twice", "nothing, or make replicates of one entry of them"
    ),
    "not_told_apart": Issue(
        "note",
        "their Raman spectra are alike; a verdict names them together",
        "nothing, if the names are right; a second technique tells them apart",
    ),
    "name_unknown": Issue(
        "note",
        "the substance tables do not know the name; its control status is not known",
        "give InChIKey or CAS number",
    ),
    "no_identifier": Issue(
        "note", "neither InChIKey nor CAS number is stated", "add an InChIKey to the manifest"
    ),
    "no_licence": Issue(
        "note", "the terms of use are not stated", "state the licence in the manifest"
    ),
    "no_provenance": Issue(
        "note",
        "the source of the sample (lot, supplier, certificate) is not stated",
        "state lot, supplier or certificate",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Parameters
    ----------
    code : str
        Which of `ISSUES`.
    rows : tuple of int
        Rows of the library concerned, the one most in doubt first.
    what : str
        A sentence with names and figures.
    figure, limit : float or None
        What was measured and the limit it crossed, in `unit`; None where there is no number.
    unit : str
        Unit of both; blank for plain numbers.
    others : tuple of str
        What else it rests on: names of published band tables or of entries of another library.
    """

    code: str
    rows: tuple[int, ...]
    what: str
    figure: float | None = None
    limit: float | None = None
    unit: str = ""
    others: tuple[str, ...] = ()

    @property
    def issue(self) -> Issue:
        """Severity, likely cause and what to do."""
        return ISSUES[self.code]

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.issue.severity

    @property
    def alarm(self) -> bool:
        """Whether the entry must not be trusted until a person has looked at it."""
        return self.severity in ALARMS


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings without repetitions, the worst first, then by code and rows."""
    codes, severities = list(ISSUES), list(SEVERITIES)
    kept = dict.fromkeys(findings)
    return tuple(
        sorted(kept, key=lambda f: (severities.index(f.severity), codes.index(f.code), f.rows))
    )


def named(records: Sequence[EntryRecord], row: int) -> str:
    """Return the name of an entry as it is written into a sentence."""
    return f"'{records[row].name}'"
