"""Tables as files: CSV that a spreadsheet shows and never computes, and weights in grams."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

from library.cells import cell

UNITS = {"g": "weight_g", "ml": "volume_ml", "pieces": "pieces"}
"""Units in which amounts are added up, and the columns of their sums."""
_IN_UNIT = {
    "g": {"mg": Decimal("0.001"), "g": Decimal(1), "kg": Decimal(1000)},
    "ml": {"ml": Decimal(1), "l": Decimal(1000)},
    "pieces": {"pieces": Decimal(1)},
}
JOINT = " | "


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as UTF-8 CSV with a header; no cell is a formula, see `library.cells`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # ends lines with CR LF (RFC 4180), so that a lone CR is quoted
    writer.writerow(header)
    writer.writerows([cell(str(value)) for value in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "backslashreplace")


def joined(values: Iterable[str]) -> str:
    """Return several values in one cell."""
    return JOINT.join(value.replace("|", "/") for value in values)


def amount(value: str, unit: str, wanted: str) -> Decimal | None:
    """Return an amount in the wanted unit (`UNITS`); None when there is none, or of another kind.

    A weight is never made of a volume or a count.
    """
    factor = _IN_UNIT[wanted].get(unit)
    try:
        number = Decimal(value.replace(",", "."))
    except InvalidOperation:
        return None
    return number * factor if factor is not None and number.is_finite() and number >= 0 else None


def grams(weight: str, unit: str) -> Decimal | None:
    """Return a weight in grams; None when there is none, or it is no weight (ml, pieces)."""
    return amount(weight, unit, "g")


def plain(value: Decimal | None) -> str:
    """Return a figure without exponent and needless zeros; empty for None."""
    if value is None:
        return ""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
