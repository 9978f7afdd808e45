"""kill -9, power cut, full disk: what was acknowledged is there, whole, and the chain verifies.

The short form tries some fifty points; the build machine (SPECTRA_FUZZ=2000) tries 200 of each
kind, SPECTRA_FUZZ=10000 2,000.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent / "crash"
FUZZ = int(os.environ.get("SPECTRA_FUZZ") or 0)
LONG = 2000 if FUZZ >= 10_000 else min(200, FUZZ)
BATCH = 200  # points of one test in the long form
BATCHES = range(max(1, LONG // BATCH))
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def crashing():
    spec = importlib.util.spec_from_file_location("crashing", TOOLS / "crashing.py")
    module = sys.modules["crashing"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments, prefix=(), **environment):
    command = [*prefix, sys.executable, str(TOOLS / "crashing.py"), *map(str, arguments)]
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    return subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


@pytest.mark.fuzz
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("batch", BATCHES)
def test_kill_loses_nothing_that_was_acknowledged(tmp_path, batch):
    points = BATCH if LONG >= BATCH else 10
    assert json.loads(run("kill", tmp_path, points, batch)) == []


def logged(disk_log, tmp_path, acts, seed):
    base, log = tmp_path / "base", tmp_path / "log"
    log.touch()
    environment = {"DISK_LOG": log, "DISK_LOG_FOLDER": base, "LD_PRELOAD": disk_log}
    run("log", base, log, acts, seed, **{name: str(one) for name, one in environment.items()})
    return base, log


@pytest.mark.fuzz
@pytest.mark.parametrize("batch", BATCHES)
def test_a_power_cut_loses_nothing_that_was_acknowledged(crashing, disk_log, tmp_path, batch):
    base, log = logged(disk_log, tmp_path, 12, batch)
    # The rebuilt log holds what lies on the disk now that nothing was lost: it is complete.
    disk = crashing.Disk(base)
    for step in crashing.operations(log.read_bytes()):
        disk.take(step)
    files = {str(path): path.read_bytes() for path in base.rglob("*") if path.is_file()}
    assert files == {
        name: inode.content(lambda: True, lambda: False)
        for name, inode in disk.names.items()
        if inode is not None
    }
    assert len(disk.told) >= 8
    points = BATCH if LONG >= BATCH else 20
    assert crashing.power_cuts(base, log, tmp_path / "after", points, seed=batch) == []


@pytest.fixture(scope="session")
def short_log(disk_log, tmp_path_factory):
    return logged(disk_log, tmp_path_factory.mktemp("short"), 3, 1)


@pytest.mark.parametrize("deaf", ["-wal", "head.json", "station.key"])
def test_a_disk_that_does_not_sync_would_be_noticed(crashing, short_log, tmp_path, deaf):
    """What this asks can fail: without one of the syncs, acknowledged records are lost."""
    base, log = short_log
    assert crashing.power_cuts(base, log, tmp_path / "after", 5, seed=1, deaf=deaf)


@pytest.mark.fuzz
@pytest.mark.parametrize("batch", BATCHES)
def test_a_full_disk_keeps_what_it_acknowledged_and_nothing_else(own_mounts, tmp_path, batch):
    small = ("sh", "-c", 'mount -t tmpfs -o size=3m none "$0" && exec "$@"', str(tmp_path))
    points = BATCH if LONG >= BATCH else 10
    assert json.loads(run("full", tmp_path, points, batch, prefix=(*own_mounts, *small))) == []
