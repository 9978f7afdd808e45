"""Edits of the clean-up that can be undone and redone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from matching.recipe import KINDS, Recipe, RecipeStep, as_identified, moved, trouble

MERGED = 1  # of edits of one figure, one after the other


class _Edit(QUndoCommand):
    """One change from a recipe to another; changes of the same figure become one."""

    def __init__(
        self, words: str, pair: tuple[Recipe, Recipe], show: Callable[[Recipe], None], figure: str
    ) -> None:
        super().__init__(words)
        self._before, self.after = pair
        self._show, self.figure = show, figure

    def id(self) -> int:
        """Return one number for all edits that may be merged."""
        return MERGED if self.figure else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take the next edit in when it is of the same figure."""
        if not isinstance(other, _Edit) or other.figure != self.figure:
            return False
        self.after = other.after
        return True

    def redo(self) -> None:
        """Show what it was changed to."""
        self._show(self.after)

    def undo(self) -> None:
        """Show what was there before."""
        self._show(self._before)


class RecipeEdits(QObject):
    """The recipe of the preview, and every edit of it.

    Parameters
    ----------
    parent : QObject
        Owner.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.recipe: Recipe = as_identified()
        self.stack = QUndoStack(self)

    def begin(self, recipe: Recipe) -> None:
        """Start from a recipe; nothing is left to undo."""
        self.stack.clear()
        self._show(recipe)

    def replace(self, words: str, recipe: Recipe, figure: str = "") -> bool:
        """Go over to another recipe; False when it is senseless. `figure` names what may merge."""
        if trouble(recipe):
            return False
        if recipe != self.recipe:
            self.stack.push(_Edit(words, (self.recipe, recipe), self._show, figure))
        return True

    def switch(self, words: str, place: int, *, on: bool) -> bool:
        """Switch a step on or off."""
        step = self.recipe[place]
        return self.replace(words, self._with(place, RecipeStep(step.kind, on, step.values)))

    def set_value(self, words: str, place: int, name: str, value: float) -> bool:
        """Give a step another figure."""
        step = self.recipe[place].with_value(name, value)
        return self.replace(words, self._with(place, step), f"{place} {name}")

    def move(self, words: str, place: int, by: int) -> bool:
        """Move a step; False where it may not stand."""
        recipe = moved(self.recipe, place, by)
        return recipe is not None and self.replace(words, recipe)

    def add(self, words: str, kind: str) -> bool:
        """Add a step at the end of its part."""
        step = RecipeStep(kind)
        kinds = [one.kind for one in self.recipe]
        at = kinds.index("grid") if KINDS[kind].pixels else len(kinds)
        return self.replace(words, (*self.recipe[:at], step, *self.recipe[at:]))

    def remove(self, words: str, place: int) -> bool:
        """Take a step out."""
        return self.replace(words, (*self.recipe[:place], *self.recipe[place + 1 :]))

    def _with(self, place: int, step: RecipeStep) -> Recipe:
        return (*self.recipe[:place], step, *self.recipe[place + 1 :])

    def _show(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.changed.emit()
