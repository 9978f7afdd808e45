"""The clean-up as an editable list of steps: a preview, which changes no result and no verdict."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from matching.recipe import KINDS, Recipe, RecipeStep, as_identified, moved
from spectra_app.services.preview import load_recipe, save_recipe
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
from spectra_app.ui.pages import ProblemDialog
from spectra_app.ui.saving import ask_path
from spectra_app.ui.technician.recipe_edits import RecipeEdits
from spectra_app.ui.technician.step_form import StepForm

SUFFIX = ".json"
PRESETS = ("identified", "second", "derivative", "bare")


class CleanupPanel(QWidget):
    """Steps with ticks, the figures of the one chosen, presets, undo and redo.

    Parameters
    ----------
    look : Look
        Language.
    lane : Lane
        Where preset files are read and written.
    edits : RecipeEdits
        The recipe and its history.
    """

    before_wanted = Signal(bool)

    def __init__(self, look: Look, lane: Lane, edits: RecipeEdits) -> None:
        super().__init__()
        self._look, self._lane, self.edits = look, lane, edits
        self._own: Recipe = as_identified()
        self._note: tuple[str, dict[str, str]] = ("examine.preview_only", {})
        self.note, self.trouble, self.done = QLabel(), QLabel(), QLabel()
        self.presets, self.steps = QComboBox(), QListWidget()
        self.form = StepForm(look)
        self.up, self.down, self.remove = QPushButton(), QPushButton(), QPushButton()
        self.add, self.files = QToolButton(), QToolButton()
        self.save, self.load = QAction(self), QAction(self)
        self.before = QPushButton()
        self.undo = edits.stack.createUndoAction(self)
        self.redo = edits.stack.createRedoAction(self)
        self._adds: dict[str, QAction] = {}
        self._build()
        self._connect()
        look.tell(self.retell)
        self.show_recipe()

    # --- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = QFrame()
        inside.setObjectName("panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        for label, name in ((self.note, "hint"), (self.trouble, "problem"), (self.done, "muted")):
            label.setWordWrap(True)
            label.setObjectName(name)
        column.addWidget(self.note)
        top = QHBoxLayout()
        top.addWidget(self.presets, 1)
        top.addWidget(self.files)
        column.addLayout(top)
        column.addWidget(self.steps, 1)
        column.addWidget(self.trouble)
        row = QHBoxLayout()
        row.setSpacing(6)
        for part in (self.up, self.down, self.add, self.remove):
            row.addWidget(part)
        row.addStretch(1)
        column.addLayout(row)
        last = QHBoxLayout()
        last.setSpacing(6)
        for action in (self.undo, self.redo):
            button = QToolButton()
            button.setDefaultAction(action)
            last.addWidget(button)
        last.addStretch(1)
        last.addWidget(self.before)
        column.addLayout(last)
        column.addWidget(self.form)
        column.addWidget(self.done)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self._build_parts()

    def _build_parts(self) -> None:
        self.setFocusProxy(self.steps)
        self.setMinimumWidth(290)
        self.presets.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.presets.setMinimumContentsLength(10)
        self.steps.setMinimumHeight(140)
        self.steps.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for button in (self.up, self.down, self.remove, self.before):
            button.setObjectName("tool")
        self.before.setCheckable(True)
        for offer in (self.add, self.files):
            offer.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            offer.setMenu(QMenu(offer))
        self.files.menu().addActions([self.save, self.load])
        for kind, about in KINDS.items():
            if not about.fixed:
                action = QAction(self)
                action.triggered.connect(partial(self._on_add, kind))
                self.add.menu().addAction(action)
                self._adds[kind] = action
        for preset in PRESETS:
            self.presets.addItem("", preset)
        self.undo.setShortcut(QKeySequence.StandardKey.Undo)
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])

    def _connect(self) -> None:
        self.edits.changed.connect(self.show_recipe)
        self.steps.itemChanged.connect(self._on_tick)
        self.steps.currentRowChanged.connect(self._on_step)
        self.form.wanted.connect(self._on_value)
        self.up.clicked.connect(lambda: self._on_move(-1))
        self.down.clicked.connect(lambda: self._on_move(1))
        self.remove.clicked.connect(self._on_remove)
        self.presets.activated.connect(self._on_preset)
        self.save.triggered.connect(self.ask_save)
        self.load.triggered.connect(self.ask_load)
        self.before.toggled.connect(self.before_wanted)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for preset in range(len(PRESETS)):
            self.presets.setItemText(preset, say(f"examine.preset_{PRESETS[preset]}"))
        self.presets.setAccessibleName(say("examine.presets"))
        self.presets.setToolTip(say("examine.presets_hint"))
        self.steps.setAccessibleName(say("examine.steps"))
        for name in ("up", "down", "remove", "add", "files"):
            part = getattr(self, name)
            part.setText(say(f"examine.step_{name}"))
            part.setToolTip(say(f"examine.step_{name}_hint"))
        self.save.setText(say("examine.preset_save"))
        self.load.setText(say("examine.preset_load"))
        self.before.setText(say("examine.before"))
        self.before.setToolTip(say("bar.hint", hint=say("examine.before_hint"), press="Ctrl+B"))
        for kind, action in self._adds.items():
            action.setText(say(f"examine.kind_{kind}"))
        for action, name in ((self.undo, "undo"), (self.redo, "redo")):
            action.setIconText(say(f"examine.{name}"))
            action.setToolTip(action.shortcut().toString())
        self.form.retell()
        self.note.setText(say(self._note[0], **self._note[1]))
        self.show_recipe()

    # --- showing --------------------------------------------------------------------------------

    def show_origin(self, own: Recipe, policy: str) -> None:
        """Say which steps and policy the verdict of the scan shown was made with."""
        self._own = own
        key = "examine.preview_policy" if policy else "examine.preview_only"
        self._note = (key, {"policy": policy} if policy else {})
        self.note.setText(self._look.say(key, **self._note[1]))

    def show_done(self, words: str, *, problem: bool = False) -> None:
        """Say what the steps did: cosmic rays, noise, smoothing; or why they cannot be done."""
        self.done.setText("" if problem else words)
        self.done.setVisible(bool(words) and not problem)
        self.trouble.setText(words if problem else "")
        self.trouble.setVisible(bool(words) and problem)

    @Slot()
    def show_recipe(self) -> None:
        """Show all steps anew; the one chosen stays."""
        chosen = max(self.steps.currentRow(), 0)
        blocked = self.steps.blockSignals(True)
        self.steps.clear()
        for step in self.edits.recipe:
            self.steps.addItem(self._item(step))
        self.steps.setCurrentRow(min(chosen, self.steps.count() - 1))
        self.steps.blockSignals(blocked)
        self._show_preset()
        self._on_step(self.steps.currentRow())

    def _item(self, step: RecipeStep) -> QListWidgetItem:
        item = QListWidgetItem(self._look.say(f"examine.kind_{step.kind}"))
        item.setToolTip(self._look.say(f"examine.about_{step.kind}"))
        if KINDS[step.kind].fixed:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
        else:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if step.on else Qt.CheckState.Unchecked)
        return item

    def _show_preset(self) -> None:
        known = [self.preset(name) for name in PRESETS]
        recipe = self.edits.recipe
        self.presets.setCurrentIndex(known.index(recipe) if recipe in known else -1)
        self.presets.setPlaceholderText(self._look.say("examine.preset_own"))

    def preset(self, name: str) -> Recipe:
        """Return the steps of a preset; the first is what the scan shown was identified with."""
        own = self._own
        if name == "second":
            swap = {"arpls": "snip", "snip": "arpls"}
            return tuple(RecipeStep(swap[s.kind]) if s.kind in swap else s for s in own)
        if name == "derivative":
            return (RecipeStep("despike"), RecipeStep("grid"), RecipeStep("derivative"))
        if name == "bare":
            return (RecipeStep("grid"),)
        return own

    # --- what the user does ---------------------------------------------------------------------

    @Slot(int)
    def _on_step(self, row: int) -> None:
        recipe = self.edits.recipe
        step = recipe[row] if 0 <= row < len(recipe) else None
        self.form.show_step(step)
        self.up.setEnabled(step is not None and moved(recipe, row, -1) is not None)
        self.down.setEnabled(step is not None and moved(recipe, row, 1) is not None)
        self.remove.setEnabled(step is not None and not KINDS[step.kind].fixed)

    @Slot(QListWidgetItem)
    def _on_tick(self, item: QListWidgetItem) -> None:
        place = self.steps.row(item)
        on = item.checkState() == Qt.CheckState.Checked
        self._tried(self.edits.switch(item.text(), place, on=on))

    @Slot(str, float)
    def _on_value(self, name: str, value: float) -> None:
        place = self.steps.currentRow()
        self._tried(self.edits.set_value(self._name(place), place, name, value))

    def _on_move(self, by: int) -> None:
        place = self.steps.currentRow()
        if self._tried(self.edits.move(self._name(place), place, by)):
            self.steps.setCurrentRow(place + by)

    def _on_add(self, kind: str) -> None:
        if self._tried(self.edits.add(self._look.say(f"examine.kind_{kind}"), kind)):
            kinds = [step.kind for step in self.edits.recipe]
            self.steps.setCurrentRow(len(kinds) - 1 - kinds[::-1].index(kind))

    @Slot()
    def _on_remove(self) -> None:
        place = self.steps.currentRow()
        self._tried(self.edits.remove(self._name(place), place))

    @Slot(int)
    def _on_preset(self, place: int) -> None:
        name = PRESETS[place]
        self.edits.replace(self._look.say(f"examine.preset_{name}"), self.preset(name))

    def _tried(self, well: bool) -> bool:
        """Put back what is shown where an edit makes no sense, and say so."""
        if not well:
            self.show_recipe()
            self.show_done(self._look.say("examine.senseless"), problem=True)
        return well

    def _name(self, place: int) -> str:
        return self._look.say(f"examine.kind_{self.edits.recipe[place].kind}")

    # --- presets as files -----------------------------------------------------------------------

    @Slot()
    def ask_save(self) -> None:
        """Ask for a name and save the steps under it."""
        say, recipe = self._look.say, self.edits.recipe
        kinds = {SUFFIX: say("examine.kind_preset")}
        path = ask_path(self, say("examine.preset_save"), say("examine.preset_own"), kinds)
        if path is not None:
            target = path

            def task(_tell: object, _stop: object) -> Path:
                return save_recipe(target, target.stem, recipe)

            self._lane.submit(Job(f"Writing {target.name}", task, self._on_saved))

    def _on_saved(self, job: Job) -> None:
        if job.error is not None:
            ProblemDialog(self, self._look, "examine.not_saved", job.error, job.details).open()
        elif not job.stopped:
            self.show_done(self._look.say("examine.saved", path=str(job.result)))

    @Slot()
    def ask_load(self) -> None:
        """Ask for a preset file and take its steps."""
        say = self._look.say
        kinds = f"{say('examine.kind_preset')} (*{SUFFIX})"
        name, _ = QFileDialog.getOpenFileName(self, say("examine.preset_load"), "", kinds)
        if name:
            path = Path(name)
            job = Job(f"Reading {path.name}", lambda _t, _s: load_recipe(path), self._on_loaded)
            self._lane.submit(job)

    def _on_loaded(self, job: Job) -> None:
        if job.error is not None:
            ProblemDialog(self, self._look, "examine.not_loaded", job.error, job.details).open()
        elif not job.stopped:
            name, recipe = job.result
            self.edits.replace(self._look.texts.put(name), recipe)
