"""How a result stands, from what else was found: the one rule, asked by everything that says it.

Raman alone is a presumption (SWGDRUG). What a second technique or a laboratory found is weighed
first, by whether it speaks of the names at all and still stands as it was recorded
(`spectra_app.services.cases.standing`); here the weights are put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Silent = Literal[
    "", "amended", "amended against", "result amended", "same technique", "nothing named",
    "other names", "nothing shared",
]  # fmt: skip
Weight = Literal["for", "against", "doubt", "apart", "silent", "open"]
Stands = Literal["presumptive", "second technique", "contradicted", "sent", "confirmed", "refuted"]
_WEIGHTS: dict[str, Weight] = {
    "agrees": "for",
    "confirmed": "for",
    "disagrees": "against",
    "refuted": "against",
    "sent": "open",
}


def weight(said: str, silent: Silent) -> Weight:
    """Return what a finding weighs.

    Parameters
    ----------
    said : str
        ``agrees``, ``disagrees``, ``inconclusive``, or ``sent``, ``confirmed``, ``refuted``,
        ``other``.
    silent : str
        Why it cannot speak for the result. Against it speaks whatever it found; ``doubt`` is such
        a contradiction that was amended since, or what was amended to be one; ``apart`` is a
        laboratory that found nothing of what was named, but something else.
    """
    if silent == "amended against":
        return "doubt"
    found = _WEIGHTS.get(said, "silent")
    if found == "for" and silent == "nothing shared":
        return "apart"
    if found == "against":
        return "doubt" if silent == "amended" else "against"
    return "silent" if found == "for" and silent else found


def stands(techniques: Sequence[Weight], answers: Sequence[Weight]) -> Stands:
    """Return how a result stands, by the weights of its findings, oldest first.

    A laboratory's answers count before everything else; its last one must confirm. Answers that
    contradict each other settle nothing. A technique that agrees ends the presumption only while
    none disagrees, or did before it was amended, and no laboratory left it open.
    """
    given = [one for one in answers if one != "open"]
    if "against" in given or {"for", "apart"} <= set(given):
        return "contradicted" if "for" in given else "refuted"
    if given and given[-1] == "for":
        return "confirmed"
    if not given and "against" in techniques:
        return "contradicted"
    if not given and "for" in techniques and "doubt" not in techniques:
        return "second technique"
    return "sent" if "open" in answers else "presumptive"
