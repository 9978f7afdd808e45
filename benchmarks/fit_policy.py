"""Fit the evidence weights of the shipped policy on measured pairs; prints cross-validated figures.

    python -m benchmarks.fit_policy SHARED_DATA [--write]

Pairs come from real scans of five instruments against the reference set (one 785 nm unit), from
seeded distortions of one of these sets, and from every reference against the others. Folds are by
substance. A component of a mixture is neither a right nor a wrong pair and is left out. With
--write the weights go into the shipped policy.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

import resources
from library.entry import identity_keys
from library.formats import read_file, select
from library.manifest import ManifestRow, read_manifest
from library.names import folded
from matching import distort
from matching.compare import Bands, compare
from matching.distort import Distortion, distorted
from matching.evidence import FEATURES, feature_vector
from matching.pipeline import Prepared, prepare
from matching.search import ReferenceMatrix, reference_matrix, search
from matching.validation import (
    Judged,
    calibration_error,
    folds_by_group,
    held_out_rates,
    pooled,
    threshold,
)
from spectra_app.services.policies import load_policy
from spectra_app.services.statistics import rate

SETS = {
    "queries-785x raw-dark": ("queries-785x", "raw-dark"),
    "queries-785x processed": ("queries-785x", "processed"),
    "fleet-2019": ("fleet-2019", None),
    "customs-analyser": ("customs-analyser", None),
}
TRAINING = (
    distort.NOISE,
    distort.FLUORESCENCE_2,
    distort.FLUORESCENCE_5,
    distort.AXIS_2,
    distort.AXIS_4,
    distort.WIDTH_2,
    distort.MILD,
)
SCAN_WIDTH_CM1 = 14.0  # FWHM of a sharp band of the scans distorted (queries-785x)
WORSE_WHEN_LARGER = ("unexplained", "missing", "misfit")
SHRINKAGE = 0.3
WEIGHT_OF_DIFFERENT = 0.3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Features (n, k), same-substance flags (n,), substance and query of each pair."""

    features: Floats
    same: Floats
    fold_key: list[str]
    query: list[str]
    known: NDArray[np.bool_]


def load(folder: Path, column: str | None) -> Iterator[tuple[ManifestRow, Prepared]]:
    for row in read_manifest(folder / "manifest.csv"):
        _, result = read_file(row.path, column=column, laser_nm=row.laser_nm)  # type: ignore[arg-type]
        (item,) = select(result, row.get("spectrum") or None, where=str(row.path))
        yield row, prepare(item.spectrum)


def load_distorted(folder: Path, kind: Distortion) -> Iterator[tuple[ManifestRow, Prepared]]:
    for row in read_manifest(folder / "manifest.csv"):
        _, result = read_file(row.path, column="raw-dark", laser_nm=row.laser_nm)
        scan = result.spectra[0].spectrum
        yield row, prepare(distorted(scan, kind, row.line, SCAN_WIDTH_CM1))


def keys(row: ManifestRow) -> frozenset[str]:
    return identity_keys(row.get("name"), row.get("group"), row.get("inchikey"))


def bands(item: Prepared) -> Bands:
    return Bands(np.clip(item.bands, 0.0, None), item.first, item.noise)


def collect(data: Path) -> Pairs:
    references = list(load(data / "reference-785xs", None))
    matrix = reference_matrix([item for _, item in references], range(len(references)))
    features, same, fold_key, query, known = [], [], [], [], []
    sets = [(title, list(load(data / name, column))) for title, (name, column) in SETS.items()]
    sets += [(k.name, list(load_distorted(data / "queries-785x", k))) for k in TRAINING]
    sets.append(("references", references))
    for title, scans in sets:
        for row, item in scans:
            own = keys(row)
            present = any(own & keys(other) and other is not row for other, _ in references)
            for other, vector in pairs_of(row, item, references, matrix):
                features.append(vector)
                wrong_axis = "axis-wrong" in row.get("file")
                same.append(float(bool(own & keys(other)) and not wrong_axis))
                fold_key.append(folded(row.get("group") or row.get("name") or row.get("truth")))
                query.append(f"{title}: {row.get('name') or row.get('truth')} {row.line}")
                known.append(present and not wrong_axis)
    return Pairs(np.array(features), np.array(same), fold_key, query, np.array(known))


def pairs_of(
    row: ManifestRow,
    item: Prepared,
    references: list[tuple[ManifestRow, Prepared]],
    matrix: ReferenceMatrix,
) -> Iterator[tuple[ManifestRow, Floats]]:
    policy = load_policy()
    parts = {folded(name) for name, _ in row.composition}
    hits = search(item, matrix, policy.search, 12)
    chosen = dict(zip(hits.row.tolist(), hits.shift_cm1.tolist(), strict=True))
    for number, (other, _) in enumerate(references):
        if keys(other) & keys(row):
            chosen.setdefault(number, 0.0)
    for number, shift in chosen.items():
        other, reference = references[number]
        if other is row or folded(other.get("name")) in parts:
            continue
        found = compare(bands(item), bands(reference), shift, policy.compare)
        if found is not None:
            yield other, feature_vector(found)


def fit(features: Floats, same: Floats) -> tuple[Floats, float]:
    """Return weights and intercept of a shrunken logistic regression.

    Signs are held: a better figure never lowers the evidence, whatever the sample says.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    z = np.column_stack(((features - mean) / scale, np.ones(len(features))))
    weight = np.where(same > 0, 1.0, WEIGHT_OF_DIFFERENT)

    def loss(b: Floats) -> tuple[float, Floats]:
        t = z @ b
        value = float((weight * (np.logaddexp(0, t) - same * t)).sum())
        slope = z.T @ (weight * (1 / (1 + np.exp(-t)) - same))
        shrink = np.append(b[:-1], 0.0)
        return value + SHRINKAGE * float(shrink @ shrink), slope + 2 * SHRINKAGE * shrink

    bounds = [(-np.inf, 0.0) if name in WORSE_WHEN_LARGER else (0.0, np.inf) for name in FEATURES]
    start = np.zeros(z.shape[1])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (-np.inf, np.inf)]).x
    weights = best[:-1] / scale
    return weights, float(best[-1] - weights @ mean)


def cross_validated(pairs: Pairs, folds: int = 5) -> Floats:
    fold = folds_by_group(pairs.fold_key, folds)
    scores = np.zeros(len(pairs.same))
    for number in range(folds):
        weights, intercept = fit(pairs.features[fold != number], pairs.same[fold != number])
        scores[fold == number] = pairs.features[fold == number] @ weights + intercept
    return scores


def report(pairs: Pairs, scores: Floats, say: Callable[[str], None]) -> None:
    left_in: dict[str, list[tuple[bool, float]]] = {}
    left_out: list[tuple[float, str]] = []
    for name in dict.fromkeys(pairs.query):
        mine = np.array([q == name for q in pairs.query])
        same = pairs.same[mine] > 0
        if same.any():
            best = int(np.argmax(scores[mine]))
            left_in.setdefault(name.split(":")[0], []).append(
                (bool(same[best]), float(scores[mine][best]))
            )
        if (~same).any():
            left_out.append((float(scores[mine][~same].max()), name))
    for share in (0.0, 0.01, 0.02, 0.05):
        limit = threshold([score for score, _ in left_out], share)
        shown = ", ".join(
            f"{title} {sum(ok and s > limit for ok, s in rows)}/{len(rows)}"
            for title, rows in left_in.items()
        )
        say(f"false naming {share:.0%} (logit {limit:.2f}): right {shown}")
    for score, name in sorted(left_out, reverse=True)[:10]:
        say(f"  highest when left out: {score:6.2f} {name}")


def answers(pairs: Pairs, scores: Floats) -> list[Judged]:
    """Return every query's answer with its substance left in, and left out."""
    found = []
    query = np.array(pairs.query)
    for name in dict.fromkeys(pairs.query):
        mine = np.flatnonzero(query == name)
        same, substance = pairs.same[mine] > 0, pairs.fold_key[mine[0]]
        if same.any():
            best = mine[np.argmax(scores[mine])]
            found.append(Judged(float(scores[best]), bool(pairs.same[best] > 0), substance))
        if (~same).any():
            found.append(Judged(float(scores[mine][~same].max()), False, substance))
    return found


def rate_table(found: list[Judged]) -> list[dict[str, float]]:
    """Return the policy's rates, counting substances: right only if every answer was right."""
    ends = [least for least, _, _ in pooled(found)]
    table = []
    for least, above in zip(ends, [*ends[1:], np.inf], strict=True):
        inside: dict[str, bool] = {}
        for answer in (a for a in found if least <= a.score < above):
            inside[answer.group] = inside.get(answer.group, True) and answer.right
        counted = rate(sum(inside.values()), len(inside))
        table.append(
            {
                "least": round(least, 4),
                "right": counted.count,
                "n": counted.n,
                "low95": round(counted.low95 or 0.0, 4),
            }
        )
    return table


def fitted_on(pairs: Pairs) -> str:
    """Return what the weights rest on, in words: distorted copies are not measurements."""
    names = {kind.name for kind in TRAINING}
    made = np.array([query.split(":")[0] in names for query in pairs.query])
    same = pairs.same > 0
    return (
        f"{int(same.sum())} same-substance and {int((~same).sum())} different-substance pairs of "
        f"{len(set(pairs.fold_key))} substances; {int((same & made).sum())} and "
        f"{int((~same & made).sum())} of them with seeded distortions of measured scans"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with the measured sets (shared/data)")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    pairs = collect(options.data / "spectra")
    scores = cross_validated(pairs)
    report(pairs, scores, print)
    found = answers(pairs, scores)
    stated = held_out_rates(found)
    error = calibration_error(stated, np.array([item.right for item in found]))
    print(f"expected calibration error {error:.3f} over {len(found)} answers")
    weights, intercept = fit(pairs.features, pairs.same)
    print({k: round(float(w), 3) for k, w in zip(FEATURES, weights, strict=True)}, intercept)
    if options.write:
        path = resources.path("policies/default.json")
        content = json.loads(path.read_text(encoding="utf-8"))
        content["evidence"]["weights"] = {
            name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=True)
        }
        content["evidence"]["intercept"] = round(intercept, 4)
        content["rates"] = rate_table(found)
        content["evidence"]["fitted_on"] = fitted_on(pairs)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
