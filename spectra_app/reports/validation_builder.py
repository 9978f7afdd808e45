"""Build a validation report: what is said of an evaluation, in which words, in which order."""

from __future__ import annotations

from typing import Any

from spectra_app.reports import validation_charts as charts
from spectra_app.reports.figures import clean
from spectra_app.reports.parts import Column, Fact, Facts, Table, Words
from spectra_app.reports.validation import Charts, Part, Section, ValidationReport
from spectra_app.reports.validation_lists import (
    MOST_ROWS,
    confusion,
    failures,
    listed,
    listing_rows,
    listing_table,
    substances,
)
from spectra_app.reports.validation_words import both, bounds, counted, mean, share

NOT_SET = "not set"

RATES = {
    "top1": "First candidate right",
    "top3": "Right among the first three",
    "named_right": "Named, and right",
    "named_wrong": "Named, but wrong",
    "lead": "Of the named, leads only: the reference was not measured",
    "inconclusive": "Inconclusive",
    "not_in_library": "Said not to be in the library",
    "class_only": "Family only, no name",
    "container_only": "Packaging only",
    "refused": "Refused",
    "false_naming": "False name with the substance left out",
}


def build_validation_report(
    figures: dict[str, Any], *, report_id: str, issued_at: str
) -> ValidationReport:
    """Return the validation report of the figures of an evaluation.

    Parameters
    ----------
    figures : dict
        As `spectra_app.services.evaluate.evaluation` makes them.
    report_id : str
        Identifier, printed on every page.
    issued_at : str
        Time of issue, ISO 8601.
    """
    sections = [
        _answer(figures),
        _tested(figures),
        _overall(figures),
        _instruments(figures),
        _scores(figures),
        _held_out(figures),
        _distortions(figures),
        _sums(figures),
        failures(figures),
        confusion(figures),
        substances(figures),
        _limits(figures),
        _review(),
    ]
    return ValidationReport(
        report_id=clean(report_id),
        title="Validation of Raman identification",
        issued_at=clean(issued_at),
        signature="UNSIGNED: no person has reviewed or authorised this report",
        end="End of report",
        sections=tuple(section for section in sections if section is not None),
        figures=figures,
    )


# --- Sections -----------------------------------------------------------------------------------


def _answer(figures: dict[str, Any]) -> Section:
    substances = figures["by_substance"]
    units = len(figures["instruments"])
    lines = [
        f"{_many(figures['n'], 'scan')} of {_many(substances['n'], 'substance')} on "
        f"{_many(units, 'instrument')} were identified; the library holds the substance of "
        f"{figures['in_library']} of the scans.",
        f"Named, but wrong: {both(figures['named_wrong'])} of all scans; "
        f"{both(substances['named_wrong'])} of all substances in any scan.",
    ]
    if figures["in_library"]:
        lines.insert(
            1,
            f"Named, and right: {both(figures['named_right'])} of the scans whose substance the "
            f"library holds; {both(substances['named_right'])} of the substances in every scan.",
        )
    if "false_naming" in figures:
        lines.append(
            "With its own substance removed from the library a scan was still given a name in "
            f"{both(figures['false_naming'])}; {both(substances['false_naming'])} of the "
            "substances in any scan."
        )
    else:
        lines.append(
            "What happens to substances that the library lacks was NOT measured (--leave-out)."
        )
    found = figures["calibration"]["match_rate"]
    if found["n"]:
        low, high = found["ece_interval95"]
        lines.append(
            f"The rates stated for the best candidate were off by {found['ece']:.3f} on average "
            f"(expected calibration error, 95 % interval {low:.3f} to {high:.3f})."
        )
    lines.append("In brackets: exact 95 % bounds (Clopper-Pearson).")
    return Section("What was found", (Words(tuple(lines)),))


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _tested(figures: dict[str, Any]) -> Section:
    library, method, queries = figures["library"], figures["method"], figures["queries"]
    plan = figures["plan"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in library["kinds"].items())
    extras = [
        "each scan again with its substance left out" if plan["leave_out"] else "",
        f"distortion suite, seeds for each scan: {plan['seeds']}" if plan["distort"] else "",
        f"{plan['sums']} sums of two scans" if plan["sums"] else "",
        f"thresholds in {plan['folds']} folds" if plan["folds"] else "",
    ]
    facts = (
        Fact("Laboratory and place", NOT_SET),
        Fact("Performed", figures["performed_at"] or NOT_SET),
        Fact("Program", f"Spectra {method['program']}; {method['metric']}"),
        Fact(
            "Library",
            f"{library['name']}, version {library['version']}: {library['entries']} entries "
            f"({kinds}) of {library['substances']} substances",
        ),
        Fact("Library SHA-256", library["sha256"]),
        Fact("Policy", f"version {method['policy_version']}, hash {method['policy']}"),
        Fact("Clean-up (pipeline)", f"hash {method['pipeline']}"),
        Fact(
            "Queries",
            f"{queries['manifest']}; column {queries['column'] or 'the vendor file decides'}",
        ),
        Fact("Manifest SHA-256", queries["manifest_sha256"]),
        Fact("Scans as read, SHA-256", queries["data_sha256"]),
        Fact("Instruments", ", ".join(figures["instruments"])),
        Fact("Also measured", "; ".join(text for text in extras if text) or "nothing else"),
        Fact("Seed", str(plan["seed"])),
    )
    return Section("What was tested", (Facts(tuple(Fact(f.label, clean(f.text)) for f in facts)),))


def _overall(figures: dict[str, Any]) -> Section:
    substances, averages = figures["by_substance"], figures["macro"]
    rows = []
    for key, label in RATES.items():
        item = figures.get(key)
        if item is None:
            continue
        rows.append(
            (
                label,
                counted(item),
                share(item),
                bounds(item),
                counted(substances.get(key)),
                bounds(substances.get(key)),
                mean(averages["substance"].get(key)),
            )
        )
    columns = (
        Column("", 54.0),
        Column("Scans", 22.0, "right"),
        Column("Share", 16.0, "right"),
        Column("95 % bounds", 27.0, "right"),
        Column("Substances", 20.0, "right"),
        Column("95 % bounds", 24.0, "right"),
        Column("Macro", 15.0, "right"),
    )
    note = (
        "Bounds hold for independent cases. Repeated scans of one substance are not independent, "
        "so the columns to the right count substances: right when every scan of it was right, "
        "wrong when any was wrong. Macro: mean of the shares of the substances. A name is right "
        "when it is the substance, or a set of at most three that Raman does not tell apart and "
        "that holds it; of a mixture all components and nothing else."
    )
    return Section("Figures over all scans", (Table(columns, tuple(rows), note),))


def _instruments(figures: dict[str, Any]) -> Section:
    columns = (
        Column("Instrument", 34.0),
        Column("Scans", 12.0, "right"),
        Column("Subst.", 12.0, "right"),
        Column("First right", 30.0, "right"),
        Column("Named right", 30.0, "right"),
        Column("Named wrong", 30.0, "right"),
        Column("False, left out", 30.0, "right"),
    )
    rows = tuple(
        (
            clean(name),
            str(row["n"]),
            str(row["by_substance"]["n"]),
            *(both(row.get(k)) for k in ("top1", "named_right", "named_wrong", "false_naming")),
        )
        for name, row in figures["instruments"].items()
    )
    note = (
        "An instrument is the serial number in the manifest; without one, the model, or the "
        "folder of the files. Figures of one instrument say nothing of another model."
    )
    return Section("Instrument by instrument", (Table(columns, rows, note),))


def _scores(figures: dict[str, Any]) -> Section:
    found, detection = figures["calibration"], figures["detection"]
    parts: list[Part] = []
    if found["match_rate"]["n"]:
        parts.append(
            Charts(
                (
                    charts.reliability_chart(
                        found["match_rate"], "Reliability of the stated rates", "stated rate"
                    ),
                    charts.reliability_chart(
                        found["hit_quality"], "Reliability of the hit quality", "hit quality"
                    ),
                )
            )
        )
    pair = [charts.score_chart(detection)] if detection["histogram"] else []
    pair += [charts.tradeoff_chart(detection)] if detection["tradeoff"] else []
    parts += [Charts(tuple(pair))] if pair else []
    parts.append(Charts((charts.top_k_chart(figures["top_k"]),)))
    words = (
        f"Judged is the best candidate of every scan of one substance, {found['answers']}: "
        f"{found['left_in']} and {found['left_out']} answers. With its substance left out every "
        "candidate is wrong. An honest rate lies on the dashed line: of the answers said to be "
        "right in 80 of 100 cases, 80 of 100 are. Bounds of a bin count scans as independent. The "
        "hit quality orders candidates and is not offered as a rate."
    )
    return Section("Stated rates and scores", (Words((words,)), *parts))


def _held_out(figures: dict[str, Any]) -> Section | None:
    found = figures.get("held_out")
    if not found:
        return None
    columns = (
        Column("Threshold set by", 70.0),
        Column("Wrong scores allowed above it", 36.0, "right"),
        Column("Right and above it", 36.0, "right"),
        Column("Left out and above it", 36.0, "right"),
    )
    titles = {
        "by_substance": f"the other substances ({found['folds']} folds)",
        "by_instrument": "the other instruments",
    }
    rows = tuple(
        (title, f"{100 * row['share']:.0f} %", both(row["named_right"]), both(row["false_naming"]))
        for key, title in titles.items()
        for row in found.get(key, [])
    )
    note = (
        "How far a threshold on the score alone carries over to scans it was not set with. The "
        "verdict asks for more than the score, and its threshold is not refitted here. Refused "
        "scans and mixtures are left out."
    )
    return Section("Thresholds on scans they were not set with", (Table(columns, rows, note),))


DISTORTIONS_NOTE = (
    "Heights are in units of the "
    "scan's strongest band: noise 0.05 (one standard deviation), fluorescence 2 and 5, slope "
    "3. Axis: shifted by 2 or 4 cm⁻¹, or stretched by 4 cm⁻¹ at the ends. Width: sharp bands "
    "twice as wide. Range: a piece of 900 cm⁻¹. Spikes: 8 cosmic rays. Saturation: the top 40 "
    "% of the counts cut off. Mild combination: noise 0.05, fluorescence 2, axis 2, width 2; "
    "combination: noise 0.05, fluorescence 5, axis 4, width 2. Flagged: the verdict says that "
    "the detector was saturated, or that cosmic rays were removed; a saturated scan must not "
    "be named."
)


def _distortions(figures: dict[str, Any]) -> Section | None:
    found = figures.get("distortions")
    if not found:
        return None
    columns = (
        Column("#", 6.0),
        Column("Distortion", 25.0),
        Column("First right", 17.0, "right"),
        Column("Named right", 17.0, "right"),
        Column("Substances, every copy", 24.0, "right"),
        Column("Named wrong", 16.0, "right"),
        Column("Substances, any copy", 21.0, "right"),
        Column("Flagged", 16.0, "right"),
        Column("False, left out", 15.0, "right"),
        Column("Substances, any copy", 21.0, "right"),
    )
    rows = tuple(
        (
            str(number),
            row["name"],
            counted(row["top1"]),
            counted(row["named_right"]),
            both(row["by_substance"]["named_right"]),
            counted(row["named_wrong"]),
            both(row["by_substance"]["named_wrong"]),
            counted(row.get("flagged")),
            counted(row.get("false_naming")),
            both(row["by_substance"].get("false_naming")),
        )
        for number, row in enumerate(found, start=1)
    )
    seeds = figures["plan"]["seeds"]
    copies = "One seeded copy" if seeds == 1 else f"{seeds} seeded copies"
    copies += " of every scan. In brackets: exact 95 % bounds, of substances. "
    wrong = listing_rows(item for row in found for item in row["wrong"])
    false = listing_rows(item for row in found for item in row.get("false_names", []))
    parts: tuple[Part, ...] = (
        Table(columns, rows, copies + DISTORTIONS_NOTE),
        Charts((charts.distortion_chart(found),)),
        *listed("Wrong names under distortion", listing_table(wrong)),
        *listed("False names under distortion, substance left out", listing_table(false)),
    )
    return Section("Distorted scans", parts)


def _sums(figures: dict[str, Any]) -> Section | None:
    found = figures.get("sums")
    if not found:
        return None
    columns = (
        Column("Sum", 22.0),
        Column("Sums", 11.0, "right"),
        Column("Both named", 35.0, "right"),
        Column("Third named", 31.0, "right"),
        Column("False, one left out", 34.0, "right"),
        Column("Share off by (median)", 20.0, "right"),
        Column("Interval holds", 25.0, "right"),
    )
    rows = tuple(
        (
            f"{100 * row['share']:.0f} and {100 - 100 * row['share']:.0f} %",
            str(row["n"]),
            both(row["both_found"]),
            both(row["third_component"]),
            both(row.get("false_name_left_out")),
            "-" if row["share_error_median"] is None else f"{row['share_error_median']:.3f}",
            counted(row["share_interval_holds"]),
        )
        for row in found
    )
    note = (
        "Two scans of one instrument and of different substances, scaled to equal areas of their "
        "bands and added in the stated proportion; the number of components is not told. Shares "
        "are shares of the Raman signal, never of the weight. Names count as right in a set that "
        "Raman does not tell apart. One left out: the sum again, without one of its two substances "
        "in the library; a name beside the other is false. A computed sum is not a measured "
        "mixture: grains, heating and absorption are not in it."
    )
    false = [
        (clean(item["truth"]), clean(", ".join(item["named"])))
        for row in found
        for item in (*row["false"], *row.get("false_left_out", []))
    ]
    listed = Table((Column("Sum", 89.0), Column("Named", 89.0)), tuple(false[:MOST_ROWS]))
    return Section("Sums of two scans", (Table(columns, rows, note), *((listed,) if false else ())))


def _limits(figures: dict[str, Any]) -> Section:
    texts = [
        "The figures hold for this library, this policy, this clean-up and this program version, "
        "and for instruments, substances, purities and packaging like those measured. Any change "
        "of them asks for a new validation.",
        "Scans that were used to choose the weights, thresholds or features of the policy flatter "
        "it. Only scans that nobody looked at while the policy was made measure it fairly; the "
        "program cannot know which these are.",
        "That no wrong name was counted does not mean that none occur: the upper bound says how "
        "often they may.",
        "The bounds assume that the substances tested are a random sample of those that will be "
        "met. Seized goods are not: rare, new and mixed substances are met more often there.",
        "Distortions and sums are computed from measured scans. They show where the method "
        "breaks, not how often a real instrument or a real mixture breaks it.",
        "What a scan could not have seen (a small share of a potent substance beside another) is "
        "not measured by this report.",
        "Raman is one technique: a name is presumptive until a second technique confirms it.",
    ]
    if set(figures["library"]["kinds"]) - {"measured"}:
        texts.insert(
            1,
            "The library holds references that were not measured (reconstructed, calculated or "
            "emulated): names with these are leads, never evidence, and count as names here.",
        )
    if figures["by_substance"]["n"] < 30:
        texts.insert(
            0, f"Only {figures['by_substance']['n']} substances were tested: the bounds are wide."
        )
    return Section("What this does not show", (Words(tuple(texts)),))


def _review() -> Section:
    line = "_" * 46
    facts = tuple(
        Fact(label, line)
        for label in ("Performed by", "Reviewed by", "Fit for the purpose of", "Date and signature")
    )
    return Section("Review", (Facts(facts),))
