"""The page of calculated suggestions in every state, for the measure of all pages."""

from __future__ import annotations

from spectra_app.records.identification import ControlStatus
from spectra_app.services.known_besides import KnownBesides
from spectra_app.services.library_catalogue import Drawing, DrawnAtom, DrawnBond
from spectra_app.services.suggestions import (
    CAUTION,
    HEADING,
    HowOften,
    Openable,
    Suggested,
    SuggestionDesk,
    SuggestionList,
)
from spectra_app.ui.technician.area import PAGES

OFTEN = HowOften(47, 1320, {10: 30, 50: 40}, {10: 1, 50: 2})
SCAN = Openable("S-20261122-033ad5c5c4", "a grey powder from a parcel.csv", "C-20261122-0001",
                "C-20261122-0001-01", "2026-11-22T21:04:00Z", 12)  # fmt: skip
LONG = "N-desethyl-5,6-methylenedioxy etonitazepipne"
RING = Drawing(
    "", "",
    tuple(DrawnAtom("C", x, y, 0, 1, "", hydrogens_left=False)
          for x, y in ((0, 1), (0.87, 0.5), (0.87, -0.5), (0, -1), (-0.87, -0.5), (-0.87, 0.5))),
    tuple(DrawnBond(n, (n + 1) % 6, 1 + n % 2, True, "", 1) for n in range(6)),
)  # fmt: skip


def candidate(rank, alarm):
    status = ControlStatus("UN 1961", "Schedule I and IV", "2025", "A")
    return Suggested(rank, LONG, "", "nitazene (2-benzylbenzimidazole opioid)", "C23H28N2O3", 380.5,
                     (status,) if rank == 1 else (), alarm, RING)  # fmt: skip


def suggestion_pages(shell):
    """Show the choice of a scan, the list, and adding a structure; give name and window."""
    page = shell.technician.page("suggestions", PAGES["suggestions"])
    shell.pages.setCurrentWidget(shell.technician)
    shell.technician.row.show()
    shell.technician.stack.setCurrentWidget(page)
    page._show(page.choice)
    page._take(SuggestionDesk((), 1378, OFTEN, can_add=False))
    yield "suggestions, no scan", shell
    page._take(SuggestionDesk((SCAN,) * 3, 1378, OFTEN, can_add=False))
    page.choice.table.selectRow(0)
    yield "suggestions, choice", shell
    levels = enumerate(("controlled", "precursor", "hazard", "unknown", "benign"), start=1)
    made = SuggestionList(
        HEADING, CAUTION, SCAN.scan, 1378, 211, KnownBesides(380.5, "C23H28N2O3"),
        tuple(candidate(*one) for one in levels), ("cathinone", "nitazene"), OFTEN, "0" * 64,
    )  # fmt: skip
    page.scan = SCAN
    page._show(page.candidates)
    page._show_list(made)
    yield "suggestions, list", shell
    page.begin_adding()
    yield "suggestions, adding refused", shell
    page.adding.begin(can=True)
    page.adding.structure.setText("CCCCCCCCO")
    page.adding.working.show()
    page.adding._say_waited()
    yield "suggestions, adding", shell
    page.adding.working.hide()
    page.candidates.made = None
    page._show(page.choice)
