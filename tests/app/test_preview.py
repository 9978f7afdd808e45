"""Clean-up presets as files, and a cleaned spectrum exported with its history."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library.formats import load, read_traces
from matching.errors import SpectraError
from matching.recipe import RecipeStep, as_identified, cook
from matching.spectrum import Spectrum
from spectra_app.errors import AppError
from spectra_app.services.preview import load_recipe, save_recipe, write_cooked

AXIS = np.linspace(200.0, 2000.0, 900)
SCAN = Spectrum(AXIS, 50 + 900 / (1 + ((AXIS - 1003) / 6) ** 2) + np.sin(AXIS), 785.0)


def test_a_preset_comes_back_as_it_was_saved(tmp_path):
    recipe = (*as_identified(), RecipeStep("smooth", False, (("fwhm", 7.5),)), RecipeStep("snv"))
    path = save_recipe(tmp_path / "mine.json", "Für Fluoreszenz", recipe)
    assert load_recipe(path) == ("Für Fluoreszenz", recipe)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 99}, "another version"),
        ({"what": "something"}, "none"),
        ({"steps": []}, "order .grid"),
        ({"steps": [{"kind": "grid", "on": True, "values": {}}] * 30}, "too many"),
        ({"steps": [{"kind": "boil", "on": True, "values": {}}]}, "'boil' is not known"),
        ({"steps": [{"kind": "smooth", "on": True, "values": {"fwhm": 1e9}}]}, "outside"),
        ({"steps": [{"kind": "smooth", "on": True, "values": {"x": 1}}]}, "'x' of 'smooth'"),
        ({"steps": [{"kind": "smooth", "on": 1, "values": {}}]}, "not known"),
        ({"steps": [7]}, "damaged"),
    ],
)
def test_a_preset_that_is_none_is_refused(tmp_path, change, said):
    path = save_recipe(tmp_path / "mine.json", "x", as_identified())
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    with pytest.raises(AppError, match=said):
        load_recipe(path)


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    with pytest.raises(AppError, match="clean-up"):
        load_recipe(path)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(AppError, match="could not be read"):
        load_recipe(tmp_path / "none.json")


@pytest.mark.parametrize("suffix", [".jdx", ".csv", ".nxs"])
def test_a_cleaned_spectrum_is_read_back_with_its_history(tmp_path, suffix):
    recipe = as_identified()
    cooked = cook(SCAN, recipe)
    path = write_cooked(tmp_path / f"clean{suffix}", "scan 1", SCAN, cooked=cooked, recipe=recipe)
    (trace,) = read_traces(load(path), where="clean").traces
    assert np.allclose(trace.shift_cm1, cooked.raman_shift_cm1, atol=1e-9)
    assert np.allclose(trace.intensity, cooked.values, rtol=1e-9)
    assert trace.laser_nm == 785.0
    assert [step.name for step in trace.history][:2] == ["preview: despike", "preview: grid"]


def test_a_foreign_file_is_never_replaced(tmp_path):
    recipe = as_identified()
    cooked = cook(SCAN, recipe)
    (tmp_path / "raw.csv").write_text("1,2\n", encoding="utf-8")
    with pytest.raises(SpectraError, match="no export of this program"):
        write_cooked(tmp_path / "raw.csv", "scan", SCAN, cooked=cooked, recipe=recipe)
    with pytest.raises(AppError, match="suffix"):
        write_cooked(tmp_path / "raw.spc", "scan", SCAN, cooked=cooked, recipe=recipe)
