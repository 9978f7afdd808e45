"""A spectrum looked at with another clean-up: named presets as files, and the result as a file.

Nothing here touches a filed result: a verdict is made with the policy's settings only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from library.formats.exported import Origin
from library.formats.records import Trace
from library.formats.writing import Target, write_export
from matching.recipe import KINDS, MOST_STEPS, Cooked, Recipe, RecipeStep, trouble
from matching.spectrum import Spectrum, Step
from spectra_app import __version__
from spectra_app.errors import AppError
from spectra_app.services.exports import write_file

SIGN = "Spectra clean-up"
VERSION = 1
MOST_BYTES = 65_536
TARGETS: dict[str, Target] = {".jdx": "jdx", ".csv": "csv", ".nxs": "nxs"}
PREVIEW_NOTE = (
    "Cleaned on the screen to look at it in another way; no verdict was made with these values."
)


def save_recipe(path: Path, name: str, recipe: Recipe) -> Path:
    """Write a recipe under a name to a file.

    Raises
    ------
    AppError
        When the file cannot be written.
    """
    steps = [{"kind": one.kind, "on": one.on, "values": dict(one.values)} for one in recipe]
    content = {"what": SIGN, "version": VERSION, "name": name, "steps": steps}
    return write_file(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def load_recipe(path: Path) -> tuple[str, Recipe]:
    """Return name and steps of a file that `save_recipe` wrote.

    Raises
    ------
    AppError
        When it cannot be read, is none, names an unknown step or setting, holds a value out of its
        range, or has steps in an order that makes no sense. Nothing is guessed.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _bad(path, "it is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["what"] != SIGN or content["version"] != VERSION:
            raise _bad(path, "it is none, or of another version")
        name, steps = str(content["name"]), content["steps"]
        if len(steps) > MOST_STEPS:
            raise _bad(path, "it has too many steps")
        recipe = tuple(_step(one, path) for one in steps)
    except OSError as error:
        raise AppError(
            f"the file could not be read ({error.strerror or error})", str(path), "choose another"
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _bad(path, "it is damaged or none") from error
    if code := trouble(recipe):
        raise _bad(path, f"its steps cannot be done in this order ({code})")
    return name, recipe


def _step(content: Mapping[str, Any], path: Path) -> RecipeStep:
    kind, on = content["kind"], content["on"]
    if kind not in KINDS or not isinstance(on, bool):
        raise _bad(path, f"the step {str(kind)[:40]!r} is not known")
    known, values = KINDS[kind].parameters, dict(content["values"])
    for name, value in values.items():
        if name not in known:
            raise _bad(path, f"the setting {str(name)[:40]!r} of {kind!r} is not known")
        low, high = known[name].low, known[name].high
        if not (math.isfinite(float(value)) and low <= float(value) <= high):
            raise _bad(path, f"{kind}: {name} is outside {low:g}-{high:g}")
    return RecipeStep(kind, on, tuple((name, float(value)) for name, value in values.items()))


def _bad(path: Path, why: str) -> AppError:
    return AppError(
        f"this is no list of clean-up steps: {why}", str(path), "choose a file saved by Spectra"
    )


def write_cooked(
    path: Path, name: str, spectrum: Spectrum, *, cooked: Cooked, recipe: Recipe, source: str = ""
) -> Path:
    """Write a cleaned spectrum, with every step in its history.

    Parameters
    ----------
    path : Path
        ``.jdx``, ``.csv`` or ``.nxs`` say the format; another suffix is refused.
    name : str
        What the spectrum is called.
    spectrum : Spectrum
        The spectrum as it was read.
    cooked : Cooked
        What the recipe made of it.
    recipe : Recipe
        The steps.
    source : str
        SHA-256 of the file it came from, where there is one.

    Raises
    ------
    SpectraError
        When the suffix is not known, the file is there and no export, or it cannot be written.
    """
    target = TARGETS.get(path.suffix.lower())
    if target is None:
        raise AppError(
            "no format goes by this suffix", str(path), "end the name in .jdx, .csv or .nxs"
        )
    done = tuple(
        Step(f"preview: {one.kind}", tuple((n, f"{v:g}") for n, v in one.values))
        for one in recipe
        if one.on
    )
    trace = Trace(
        intensity=cooked.values,
        shift_cm1=cooked.raman_shift_cm1,
        intensity_unit="arbitrary units",
        name=name,
        laser_nm=spectrum.laser_nm,
        technique=spectrum.technique,
        acquisition=spectrum.acquisition,
        history=(*spectrum.history, *done),
    )
    origin = Origin(name, source, "", f"Spectra {__version__}", (PREVIEW_NOTE,))
    try:
        write_export(path, target, (trace,), origin)
    except OSError as error:
        raise AppError(
            f"the file could not be written ({error.strerror or error})",
            str(path),
            "choose a folder that exists and that you may write to, with room left on the disk",
        ) from error
    return path
