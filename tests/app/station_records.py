"""Records of a made-up station, put straight into the ledger; they describe no real seizure."""

from __future__ import annotations

import json

from spectra_app.records.kinds import Case, Confirmation, Item, Scan

ROLES = {"Polyethylene": "container", "Caffeine": "cutting agent", "Lactose": "cutting agent"}


class Records:
    """Puts cases, items, scans and answers into an office's ledger."""

    def __init__(self, office):
        self.office, self.count = office, 0

    def put(self, record):
        with self.office.ledger.writing("u2") as writing:
            writing.put(record, f"{record.KIND} made")
        return record

    def _number(self):
        self.count += 1
        return self.count

    def case(self, **fields):
        fields = {"opened_at": "2026-03-04T08:00:00Z", "officer": "u2", **fields}
        return self.put(Case(id=f"C{self._number():03}", title="Parcel", **fields))

    def item(self, case, **fields):
        number = self._number()
        return self.put(Item(id=f"{case.id}-{number}", case=case.id, description="x", **fields))

    def scan(self, item, names=(), *, outcome="match", alike=(), **fields):
        parts = [
            {"name": name, "role": ROLES.get(name, "substance"), "signal_share": 0.5}
            for name in names
        ]
        result = json.dumps({"components": parts, "indistinguishable": [list(s) for s in alike],
                             "n": self._number()}).encode()  # fmt: skip
        kept = self.office.evidence.put(
            result, kind="identification", name="r", clock=self.office.clock
        )
        fields = {
            "scanned_at": "2026-03-04T09:00:00Z", "scanned_by": "u2", "result": kept.sha256,
            "alarm": "controlled" if names else "unknown",
            "case": item.case if item else "", "item": item.id if item else "",
            "state": "filed" if item else "unfiled", **fields,
        }  # fmt: skip
        number = self._number()
        return self.put(Scan(id=f"S{number}", names=tuple(names), outcome=outcome, **fields))

    def answer(self, item, found=(), state="", **fields):
        state = state or ("confirmed" if found else "refuted")
        return self.put(
            Confirmation(
                id=f"L{self._number()}", case=item.case, item=item.id, state=state,
                found=tuple(found), **fields,
            )
        )  # fmt: skip

    def whole(self, names, found, *, case=None, outcome="match", **fields):
        """Make an item in a case of its own, scanned and answered; no answer when found is None."""
        item = self.item(case or self.case())
        self.scan(item, names, outcome=outcome, **fields)
        if found is not None:
            self.answer(item, found)
        return item
