"""Hand-made verdicts of every kind, for the window's tests and for pictures of its layout.

The figures are realistic in size and measured by nobody; nothing here reaches a user.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.spectrum import Acquisition, Spectrum
from spectra_app.records.identification import (
    Candidate,
    Comparison,
    Component,
    ControlStatus,
    HiddenHazard,
    Identification,
    LibraryReference,
    MatchRate,
    Method,
    Quality,
)
from spectra_app.services.identify import Identified

AXIS = np.arange(250.0, 2001.0, 1.0)
BANDS = {
    "Amphetamine sulfate": (
        (622, 0.3),
        (826, 0.35),
        (970, 0.8),
        (1003, 1.0),
        (1031, 0.5),
        (1207, 0.3),
        (1450, 0.25),
        (1605, 0.4),
    ),
    "Paracetamol": (
        (390, 0.3),
        (651, 0.4),
        (797, 0.5),
        (857, 0.6),
        (1168, 0.55),
        (1236, 0.7),
        (1323, 0.9),
        (1561, 0.35),
        (1610, 0.8),
        (1648, 1.0),
    ),
    "Caffeine": (
        (444, 0.3),
        (555, 1.0),
        (740, 0.35),
        (1241, 0.25),
        (1327, 0.8),
        (1600, 0.4),
        (1698, 0.6),
    ),
    "Lactose": (
        (357, 0.7),
        (476, 0.6),
        (851, 0.8),
        (876, 0.7),
        (1086, 1.0),
        (1125, 0.5),
        (1380, 0.4),
    ),
    "Unknown powder": ((433, 0.6), (688, 1.0), (911, 0.4), (1180, 0.9), (1519, 0.5)),
}


def curve(name, noise=0.0, width=8.0):
    """Return Lorentzian bands of `name` on AXIS, scaled to maximum 1, with seeded noise."""
    values = np.zeros_like(AXIS)
    for centre, height in BANDS[name]:
        values += height / (1 + ((AXIS - centre) / (width / 2)) ** 2)
    values /= values.max()
    return values + np.random.default_rng(len(name)).normal(0, noise, AXIS.size)


def comparison(query, name, kind="measured", scale=1.0):
    """Return the drawing of `query` against the reference `name` with its peaks sorted out."""
    reference = scale * curve(name)
    top = query / query.max()
    peaks = [float(centre) for centre, _ in BANDS[name]]
    matched = tuple(p for p in peaks if np.interp(p, AXIS, top) > 0.15)
    floor = 0.9 if np.median(top) > 0.1 else 0.2  # noise has peaks of its own
    own = [
        float(c)
        for c in AXIS[1:-1][(top[1:-1] > top[:-2]) & (top[1:-1] > top[2:]) & (top[1:-1] > floor)]
    ]
    unexplained = tuple(p for p in own if min(abs(p - q) for q in peaks) > 14)
    return Comparison(
        AXIS,
        top,
        4000 * query + 900 + 2600 * np.exp(-AXIS / 900),
        reference,
        name,
        kind,
        matched,
        tuple(p for p in peaks if p not in matched),
        unexplained,
    )


LISTING = ControlStatus("1971 Convention", "Schedule II", "2026-10", "B")
HIDDEN = (
    HiddenHazard("f1", "Fentanyl", 0.12),
    HiddenHazard("f2", "Carfentanil", 0.17),
    HiddenHazard("n1", "Isotonitazene", None),
    HiddenHazard("n2", "Metonitazene", None),
)
METHOD = Method("a" * 64, "b" * 64, "weighted cosine of first derivatives", "0.1.0")
LIBRARY = LibraryReference("Sample library", "1.0", "c" * 64, 128, ("measured", "reconstructed"))
RATE = MatchRate(0.97, 0.91, 59)


def identified(query, names, **changes):
    """Return an Identified of `query` against `names`, with fields of the record changed."""
    kind = changes.pop("kind", "measured")
    score = changes.pop("score", 0.98)
    candidates = tuple(
        Candidate(
            rank,
            name,
            f"e{rank}",
            score - 0.19 * (rank - 1),
            0.97 - 0.2 * (rank - 1),
            0.02 + 0.15 * (rank - 1),
            -1.2 + 0.7 * (rank - 1),
            kind,
        )
        for rank, name in enumerate(names, start=1)
    )
    record = Identification(
        file="parcel-0147.csv",
        spectrum=None,
        outcome="match",
        reasons=("explains_spectrum",),
        advice=("handle_as_hazardous", "confirm_second_technique", "send_to_laboratory"),
        components=(),
        indistinguishable=(),
        candidates=candidates,
        family=None,
        alarm="controlled",
        quality=Quality(123.0, False, 0.4, (250.0, 2000.0)),
        cannot_exclude=HIDDEN,
        method=METHOD,
        library=LIBRARY,
        sha256="d" * 64,
    )
    record = replace(record, **changes)
    spectrum = Spectrum(
        AXIS,
        4000 * query + 900 + 2600 * np.exp(-AXIS / 900),
        785.0,
        acquisition=Acquisition(emulated=record.emulated),
    )
    return Identified(record, spectrum, tuple(comparison(query, name, kind) for name in names))


def part(
    name, *, share=None, interval=None, rate=None, kind="measured", role="substance", control=()
):
    """Return a component."""
    return Component(name, name.lower(), share, interval, rate, kind, role, control)


def match():
    """One controlled substance, measured reference."""
    return identified(
        curve("Amphetamine sulfate", 0.008),
        ["Amphetamine sulfate", "Paracetamol", "Caffeine", "Lactose"],
        components=(part("Amphetamine sulfate", rate=RATE, control=(LISTING,)),),
    )


def lead():
    """A controlled substance, reconstructed reference."""
    return identified(
        curve("Amphetamine sulfate", 0.02),
        ["Amphetamine sulfate", "Caffeine", "Lactose"],
        kind="reconstructed",
        outcome="lead",
        file="IMG_2211 tablet.spc",
        cannot_exclude=(),
        reasons=("explains_spectrum", "reference_reconstructed"),
        advice=("confirm_second_technique", "send_to_laboratory", "measure_reference"),
        components=(part("Amphetamine sulfate", kind="reconstructed", control=(LISTING,)),),
        assumptions=("the excitation wavelength is 785 nm, because the file does not say",),
    )


def mixture():
    """Two components with shares."""
    query = 0.65 * curve("Amphetamine sulfate", 0.006) + 0.35 * curve("Lactose", 0.006)
    return identified(
        query / query.max(),
        ["Amphetamine sulfate", "Lactose", "Paracetamol", "Caffeine"],
        outcome="mixture",
        file="lane4-0093.csv",
        reasons=("components_needed",),
        components=(
            part(
                "Amphetamine sulfate",
                share=0.64,
                interval=(0.58, 0.70),
                rate=RATE,
                control=(LISTING,),
            ),
            part("Lactose", share=0.33, interval=(0.27, 0.39), role="cutting agent"),
        ),
        score=0.83,
    )


def not_in_library():
    """A good spectrum that nothing explains."""
    return identified(
        curve("Unknown powder", 0.008),
        ["Caffeine", "Paracetamol", "Lactose"],
        outcome="not_in_library",
        alarm="unknown",
        file="unknown powder 3.jdx",
        score=0.41,
        reasons=("no_similar_reference", "bands_unexplained"),
        advice=("handle_as_hazardous", "send_to_laboratory"),
    )


def inconclusive():
    """A weak, fluorescent scan."""
    return identified(
        np.abs(curve("Caffeine", 0.25)) / 2,
        ["Caffeine", "Paracetamol"],
        outcome="inconclusive",
        alarm="unknown",
        file="brown paste.txt",
        score=0.48,
        reasons=("weak_signal", "fluorescent"),
        advice=("scan_longer", "scan_other_spot", "use_other_laser"),
        quality=Quality(6.0, False, 4.2, (250.0, 2000.0), ("weak",)),
    )


def refused():
    """A record of a refused input: nothing to draw."""
    shown = identified(curve("Caffeine"), ["Caffeine"])
    record = replace(
        shown.record,
        outcome="refused",
        alarm="unknown",
        candidates=(),
        reasons=(),
        quality=None,
        advice=("check_input",),
        error="the axis is not increasing after point 12 (910 -> 909 cm-1)",
        file="export.csv",
        spectrum="scan 2",
        cannot_exclude=(),
    )
    return Identified(record, None, ())


def hazard():
    """A family answer."""
    return identified(
        curve("Unknown powder", 0.008),
        ["Caffeine", "Lactose"],
        outcome="class_only",
        family="nitazenes",
        alarm="hazard",
        reasons=("resemblance_only",),
        score=0.6,
        file="white powder.csv",
    )


def container():
    """Only packaging."""
    return identified(
        curve("Lactose", 0.008),
        ["Lactose"],
        outcome="container_only",
        alarm="container",
        components=(part("Polyethylene", role="container"),),
        file="bag.csv",
        advice=("scan_other_spot",),
    )


def long_name():
    """Names of the length chemistry gives, emulated, several spectra in a file."""
    name = "N,N-Diethyl-2-[2-(4-isopropoxybenzyl)-5-nitro-1H-benzimidazol-1-yl]ethan-1-amine"
    shown = identified(
        curve("Paracetamol", 0.01),
        ["Paracetamol", "Caffeine"],
        kind="emulated",
        emulated=True,
        components=(part(name, kind="emulated", control=(LISTING, LISTING)),),
        outcome="lead",
        reasons=("explains_spectrum", "reference_emulated"),
        file="emulated analyser",
        spectrum="3 of 12",
        cannot_exclude=tuple(HiddenHazard(f"x{i}", f"Nitazene {i}", 0.1) for i in range(9)),
    )
    named = tuple(replace(c, name=name) if c.rank == 1 else c for c in shown.record.candidates)
    drawn = (replace(shown.comparisons[0], reference_name=name), *shown.comparisons[1:])
    return Identified(replace(shown.record, candidates=named), shown.query, drawn)


def benign():
    """A cutting agent alone."""
    return identified(
        curve("Caffeine", 0.008),
        ["Caffeine", "Paracetamol", "Lactose"],
        alarm="benign",
        components=(part("Caffeine", rate=RATE),),
        file="capsule.csv",
        advice=("confirm_second_technique",),
    )


ALL = {
    "match": match,
    "lead": lead,
    "mixture": mixture,
    "not_in_library": not_in_library,
    "inconclusive": inconclusive,
    "refused_record": refused,
    "hazard": hazard,
    "container": container,
    "long_name": long_name,
    "benign": benign,
}
