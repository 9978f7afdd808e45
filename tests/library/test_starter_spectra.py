from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.starter import (
    Band,
    StarterMaterial,
    manifest_row,
    reconstruct,
    spectrum_of,
    starter_entries,
    starter_materials,
    starter_note,
)
from matching.errors import SpectraError


@pytest.fixture(scope="module")
def materials() -> tuple[StarterMaterial, ...]:
    return starter_materials()


def test_every_entry_is_reconstructed_normal_raman(materials: tuple[StarterMaterial, ...]) -> None:
    for row in map(manifest_row, materials):
        assert row["kind"] == "reconstructed"
        assert row["technique"] == "Raman"
        assert row["role"] in {"substance", "cutting agent", "container", "standard", "mixture"}
        assert row["laser_nm"] in {"785", "532", "unknown"}
        for column in ("name", "group", "source", "licence", "reliability", "note"):
            assert row[column], (row["name"], column)


def test_curves_have_the_stated_heights(materials: tuple[StarterMaterial, ...]) -> None:
    for material in materials:
        spectrum = spectrum_of(material)
        for band in material.bands:
            drawn = np.interp(band.position_cm1, spectrum.raman_shift_cm1, spectrum.intensity)
            assert drawn == pytest.approx(band.height, rel=0.05, abs=1.0), material.name


def test_maxima_stand_where_the_bands_are(materials: tuple[StarterMaterial, ...]) -> None:
    for material in materials:
        spectrum = spectrum_of(material)
        positions = [band.position_cm1 for band in material.bands]
        for band in material.bands:
            apart = [
                abs(other - band.position_cm1) for other in positions if other != band.position_cm1
            ]
            if min(apart, default=99.0) < 25.0 or band.height < 20.0:
                continue  # close neighbours and wings of strong bands move a weak maximum
            near = np.abs(spectrum.raman_shift_cm1 - band.position_cm1) < 8.0
            top = spectrum.raman_shift_cm1[near][np.argmax(spectrum.intensity[near])]
            assert abs(top - band.position_cm1) <= 1.0, (material.name, band)


def test_nothing_is_drawn_where_the_source_saw_nothing(
    materials: tuple[StarterMaterial, ...],
) -> None:
    for material in materials:
        low, high = spectrum_of(material).range_cm1
        if material.source.range_cm1 is not None:
            assert (low, high) == material.source.range_cm1
        else:
            assert low >= material.bands[0].position_cm1 - 40.0
            assert high <= material.bands[-1].position_cm1 + 40.0


def test_entries_come_twice_the_same() -> None:
    first = [(row["name"], spectrum.content_hash) for row, spectrum in starter_entries()]
    again = [(row["name"], spectrum.content_hash) for row, spectrum in starter_entries()]

    assert first == again
    assert len(first) == 160


def test_history_says_how_the_curve_came_about(materials: tuple[StarterMaterial, ...]) -> None:
    step = spectrum_of(materials[0]).history[0]

    assert step.name == "reconstructed from band positions"
    assert ("fwhm_cm1", "10") in step.settings


def test_few_bands_and_classes_are_said(materials: tuple[StarterMaterial, ...]) -> None:
    notes = {(m.name, m.source.source_id): manifest_row(m)["note"] for m in materials}

    assert "few bands" in notes["methanol", "SRC85"]
    assert "intensity classes" in notes["sulfur", "SRC70"]
    assert "few bands" not in notes["paracetamol", "SRC72"]


def test_first_page_says_what_is_not_in_it() -> None:
    text = starter_note()

    for words in ("128 materials", "160 entries", "RECONSTRUCTED", "lead", "never evidence"):
        assert words in text
    for drug in ("cocaine", "heroin", "MDMA", "ketamine", "fentanyl", "nitazenes", "APAAN"):
        assert drug in text


def test_a_curve_needs_bands_and_a_width() -> None:
    with pytest.raises(SpectraError, match="without bands"):
        reconstruct([], np.arange(100.0, 200.0))
    with pytest.raises(SpectraError, match="width"):
        reconstruct([Band(150.0, 100.0)], np.arange(100.0, 200.0), fwhm_cm1=0.0)


@given(
    st.lists(
        st.tuples(st.integers(4, 60), st.floats(1.0, 100.0)),
        min_size=1,
        max_size=12,
        unique_by=lambda pair: pair[0],
    )
)
def test_separate_bands_keep_place_and_height(pairs: list[tuple[int, float]]) -> None:
    bands = [Band(50.0 * place, height) for place, height in sorted(pairs)]
    axis = np.arange(100.0, 3100.0, 0.5)

    curve = reconstruct(bands, axis)

    assert (curve >= 0).all()
    for band in bands:
        at = int(np.argmin(np.abs(axis - band.position_cm1)))
        assert curve[at] == pytest.approx(band.height, rel=0.05, abs=0.5)
