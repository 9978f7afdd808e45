"""A scan that its manifest calls SERS is never matched with Raman references."""

from __future__ import annotations

import json

import pytest

from spectra_app.services.batch import run_batch
from spectra_app.services.evaluate import load_queries
from spectra_app.services.session import open_identifier


@pytest.fixture
def identifier(small_library, tmp_path):
    return open_identifier(small_library, evidence=tmp_path / "evidence")


def test_the_technique_of_a_manifest_reaches_the_scan(identifier, scan_text, tmp_path):
    (tmp_path / "scan.csv").write_text(scan_text("caffeine", seed=1), encoding="utf-8")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("file,name,technique\nscan.csv,caffeine,SERS\n", encoding="utf-8")
    (query,) = load_queries(manifest, identifier.engine, None)
    assert query.spectrum is not None
    assert query.spectrum.technique == "SERS"
    run_batch(manifest, tmp_path / "out.jsonl", identifier)
    record = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert record["components"] == []
    assert record["candidates"] == []
