"""What is wrong in a library: checked, shown by severity, and settled finding by finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from PySide6.QtCore import QItemSelection, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTableView,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.check_book import (
    SEVERITIES,
    KeptCheck,
    KeptFinding,
    accept,
    check_and_keep,
    entries_of,
    kept_check,
)
from spectra_app.services.curation import Person
from spectra_app.services.library_catalogue import library_hash
from spectra_app.services.reviewing import is_own, withdraw
from spectra_app.ui.curves import Curve, CurvePlot
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.flat_model import choose_row, dress_table
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.tables import copyable
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.bench_page import BenchPage, Tell
from spectra_app.ui.technician.finding_model import ROW, WIDTHS, FindingModel, finding_words


class QualityPage(BenchPage):
    """Findings of the last check of a library.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench)
        self.check: KeptCheck | None = None
        self.chosen: KeptFinding | None = None
        self.start, self.about = QPushButton(), ElidedLabel()
        self.severity, self.settled = QComboBox(), QComboBox()
        self.model, self.table, self.count = FindingModel(look, self), QTableView(), QLabel()
        self.plot, self.words = CurvePlot(look, 130), QTextBrowser()
        self.reason, self.which = QLineEdit(), QComboBox()
        self.accept_it, self.withdraw_it, self.show_it = QPushButton(), QPushButton(), QPushButton()
        self._seen = -1
        self._title = ""
        self._lay_out()
        self._connect()
        self.keeper = copyable(self.table, look, bench.lane, lambda: self._title)
        look.tell(self.retell)
        self._show_finding(None)

    def _lay_out(self) -> None:
        self.start.setObjectName("primary")
        self.top.addWidget(self.start)
        self.about.setObjectName("muted")
        self.column.addWidget(self.about)
        row = QHBoxLayout()
        for box in (self.severity, self.settled):
            box.setMinimumHeight(TALL)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            row.addWidget(box)
        row.addWidget(self.count)
        row.addStretch(1)
        self.column.addLayout(row)
        self.table.setModel(self.model)
        dress_table(self.table, ROW, WIDTHS, wide=1)
        right = QFrame()
        right.setObjectName("panel")
        panel = QVBoxLayout(right)
        panel.addWidget(self.plot, 3)
        panel.addWidget(self.words, 3)
        panel.addWidget(self.which)
        panel.addWidget(self.reason)
        self.words.setFrameShape(QFrame.Shape.NoFrame)
        buttons = QHBoxLayout()
        for button in (self.accept_it, self.withdraw_it, self.show_it):
            button.setObjectName("segment")
            buttons.addWidget(button)
        panel.addLayout(buttons)
        for widget in (self.which, self.reason):
            widget.setMinimumHeight(TALL)
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(right)
        split.setChildrenCollapsible(False)
        split.setSizes([560, 440])
        self.right: QWidget = right
        self.column.addWidget(split, 1)

    def _connect(self) -> None:
        self.start.clicked.connect(self._check)
        for box in (self.severity, self.settled):
            box.activated.connect(self._filter)
        self.table.selectionModel().selectionChanged.connect(self._on_chosen)
        self.accept_it.clicked.connect(self._accept)
        self.withdraw_it.clicked.connect(self._withdraw)
        self.show_it.clicked.connect(self._show_entry)
        self.reason.textChanged.connect(self._show_buttons)
        self.bench.shelf.changed.connect(self._on_shelf)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("library.quality_title"))
        self.start.setText(say("library.check_now"))
        self.table.setAccessibleName(say("library.quality_title"))
        self.reason.setPlaceholderText(say("library.reason"))
        self.reason.setAccessibleName(say("library.reason"))
        self.which.setAccessibleName(say("library.which"))
        self.accept_it.setText(say("library.accept"))
        self.accept_it.setToolTip(say("library.accept_hint"))
        self.withdraw_it.setText(say("library.withdraw"))
        self.withdraw_it.setToolTip(say("library.withdraw_hint"))
        self.show_it.setText(say("library.show_entry"))
        self._fill(
            self.severity,
            [("", say("library.any_severity"))]
            + [(code, say(f"library.severity_{code}")) for code in SEVERITIES],
        )
        self._fill(
            self.settled,
            [(code, say(f"library.settled_{code or 'any'}")) for code in ("open", "accepted", "")],
        )
        self.severity.setAccessibleName(say("library.any_severity"))
        self.settled.setAccessibleName(say("library.settled_any"))
        self.model.retell()
        self._tell_check()
        self._tell_finding()

    def _fill(self, box: QComboBox, offered: Sequence[tuple[str, str]]) -> None:
        chosen = box.currentData() if box.count() else offered[0][0]
        box.clear()
        for code, words in offered:
            box.addItem(words, code)
        box.setCurrentIndex(max(0, box.findData(chosen)))

    def _tell_check(self) -> None:
        say, check = self.look_of.say, self.check
        if check is None:
            self.about.set_text(say("library.never_checked", name=self._title))
        else:
            against = self.look_of.texts.many(check.sources) or say("library.itself")
            at = check.at[:16].replace("T", " ")
            self.about.set_text(say("library.checked_at", name=self._title, at=at, sources=against))
        told = say("library.findings_shown", count=len(self.model.rows))
        self.count.setText("" if self.check is None else told)  # not checked is not "0 findings"

    # --- which library ----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what the last check found, when the library is another one."""
        if self._seen != self.bench.shelf.news:
            self._read()

    @Slot()
    def _on_shelf(self) -> None:
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        path, self._seen = self.bench.shelf.path, self.bench.shelf.news

        def work(_tell: Tell) -> tuple[str, KeptCheck | None]:
            name, sha256 = library_hash(path)
            return name, kept_check(sha256)

        self.run("Reading the last check", work, self._take)

    def _take(self, read: tuple[str, KeptCheck | None]) -> None:
        self._title, self.check = read
        self._filter()

    @Slot()
    def _check(self) -> None:
        path, at = self.bench.shelf.path, _now()

        def work(tell: Tell) -> tuple[str, KeptCheck | None]:
            name, _sha256 = library_hash(path)
            return name, check_and_keep(path, at, progress=tell)

        self.start.setEnabled(False)
        job = self.run("Checking the library", work, self._checked)
        job.also(lambda _job: self.start.setEnabled(True))

    def _checked(self, read: tuple[str, KeptCheck | None]) -> None:
        self._take(read)
        self.bench.shelf.touch()
        self._seen = self.bench.shelf.news

    @Slot()
    def _filter(self) -> None:
        severity, settled = self.severity.currentData() or "", self.settled.currentData() or ""
        key = self.chosen.key if self.chosen is not None else ""
        rows = [
            one
            for one in (self.check.findings if self.check is not None else ())
            if severity in {"", one.severity}
            and settled in {"", "open" if one.accepted is None else "accepted"}
        ]
        self.model.show_rows(rows)
        self._tell_check()
        place = next((at for at, one in enumerate(rows) if one.key == key), -1)
        if place >= 0:
            choose_row(self.table, place)
        else:
            self._show_finding(None)

    # --- one finding ------------------------------------------------------------------------------

    @Slot(QItemSelection, QItemSelection)
    def _on_chosen(self, chosen: QItemSelection, _before: QItemSelection) -> None:
        lines = chosen.indexes()
        self._show_finding(self.model.rows[lines[0].row()] if lines else None)

    def _show_finding(self, finding: KeptFinding | None) -> None:
        self.chosen = finding
        self.right.setVisible(finding is not None)
        self.reason.clear()
        self.which.clear()
        self.plot.show_curves(())
        self._tell_finding()
        if finding is None:
            return
        for entry, name in finding.entries[:2]:
            self.which.addItem(self.look_of.texts.put(f"{name} ({entry[:8]})"), entry)
        path = self.bench.shelf.path

        def work(_tell: Tell) -> list[Curve]:
            return [
                Curve(f"{name} ({entry[:8]})", spectrum.raman_shift_cm1, spectrum.intensity)
                for entry, name, spectrum in entries_of(path, finding)
            ]

        self.run("Reading the spectra of a finding", work, lambda c: self._draw(finding, c))

    def _draw(self, finding: KeptFinding, curves: list[Curve]) -> None:
        if finding is self.chosen:
            self.plot.show_curves(curves)

    def _tell_finding(self) -> None:
        finding, say, put = self.chosen, self.look_of.say, self.look_of.texts.put
        self._show_buttons()
        if finding is None:
            return
        parts = [
            (say(f"library.severity_{finding.severity}"), self._what(finding)),
            (say("library.cause"), put(finding.cause)),
            (say("library.remedy"), put(finding.remedy)),
        ]
        if finding.accepted is not None:
            one = finding.accepted
            told = say("library.accepted_by", by=one.by, reason=one.reason)
            parts.append((say("library.settled_accepted"), told))
        html = "".join(f"<p><b>{escape(a)}</b><br>{escape(b)}</p>" for a, b in parts)
        self.words.setHtml(html)
        self.words.setAccessibleName(self.words.toPlainText())

    def _what(self, finding: KeptFinding) -> str:
        """Return what was found, and the exact words with its figures where they are not that."""
        texts = self.look_of.texts
        said, exact = finding_words(finding, texts), texts.put(finding.what)
        return said if said == exact else f"{said} {texts.say('trouble.exact', words=exact)}"

    @Slot()
    def _show_buttons(self) -> None:
        finding, said = self.chosen, bool(self.reason.text().strip())
        own = is_own(self.bench.shelf.path)
        self.accept_it.setEnabled(finding is not None and said and finding.accepted is None)
        self.withdraw_it.setEnabled(finding is not None and said and not own)

    def _settle(self, title: str, act: Callable[[Person, str], Any]) -> None:
        person, reason = Person(self.person, _now()), self.reason.text()

        def then(_none: object) -> None:
            self.chosen = None
            self.bench.shelf.touch()  # whoever looks at the library reads it anew; so does this

        self.run(title, lambda _tell: act(person, reason), then)

    @Slot()
    def _accept(self) -> None:
        finding = self.chosen
        if finding is not None:
            self._settle("Accepting a finding", lambda who, why: accept(finding, who, why))

    @Slot()
    def _withdraw(self) -> None:
        entry, path = self.which.currentData(), self.bench.shelf.path
        if entry:
            self._settle("Withdrawing an entry", lambda who, why: withdraw(path, entry, who, why))

    @Slot()
    def _show_entry(self) -> None:
        self.bench.shelf.wanted = self.which.currentData() or ""
        self.bench.shelf.touch()
        self.bench.shelf.shown.emit()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
