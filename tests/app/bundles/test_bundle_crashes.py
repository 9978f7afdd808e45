"""Export, import and answer of bundles under kill -9, power cut and full disk: whole, or nothing.

Wherever it ends, what was acknowledged is there, no half bundle or import is, and doing the same
again goes on to the end. The short form tries some points; SPECTRA_FUZZ=10000 tries 200 of each.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "crash"
ROOT = Path(__file__).parents[3]
LEDGER = ROOT / "tests" / "ledger" / "crash"
LONG = int(os.environ.get("SPECTRA_FUZZ") or 0) // 50


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def story():
    return loaded(HERE / "bundle_story.py")


@pytest.fixture(scope="session")
def crashing():
    return loaded(LEDGER / "crashing.py")


def run(*arguments, prefix=(), **environment):
    command = [*prefix, sys.executable, str(HERE / "bundle_story.py"), *map(str, arguments)]
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def killed_at(prepared, tmp_path, points, seed):
    return json.loads(run("kill", prepared[0], tmp_path, points, seed))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_killed_story_goes_on(prepared, tmp_path):
    assert killed_at(prepared, tmp_path, 3, 1) == []


@pytest.mark.fuzz
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_story_killed_at_many_points_goes_on(prepared, tmp_path):
    assert killed_at(prepared, tmp_path, max(10, LONG), 2) == []


@pytest.fixture(scope="session")
def logged(disk_log, prepared, crashing, tmp_path_factory):
    """Return a disk with the two stations as they were, and what the story did to it."""
    folder = tmp_path_factory.mktemp("logged")
    base, log = folder / "base", folder / "log"
    shutil.copytree(prepared[0], base)
    (base / "stick").mkdir()
    disk = crashing.Disk(base)
    for path in sorted(base.rglob("*")):
        what = None if path.is_dir() else crashing.Inode(path.read_bytes())
        disk.names[str(path)] = disk.durable[str(path)] = what
    log.touch()
    environment = {"DISK_LOG": log, "DISK_LOG_FOLDER": base, "LD_PRELOAD": disk_log}
    run("log", base, log, **{name: str(one) for name, one in environment.items()})
    return disk, list(crashing.operations(log.read_bytes()))


def power_cuts(logged, story, target, points, *, seed, deaf="none"):
    """Cut the power at points of the story, and look at what is left; return what was wrong."""
    first, steps = logged
    dice, wrong, done = random.Random(seed), [], 0
    disk = type(first)(Path(first.base), deaf)
    disk.names, disk.durable = dict(first.names), dict(first.durable)
    copies = {id(one): type(one)(one.synced) for one in first.names.values() if one is not None}
    for names in (disk.names, disk.durable):
        names |= {name: copies[id(one)] for name, one in names.items() if one is not None}
    for point, at in enumerate(sorted(dice.choices(range(1, len(steps) + 1), k=points))):
        for step in steps[done:at]:
            disk.take(step)
        done = at
        disk.write(target, dice if point % 3 else None)
        wrong += [f"after operation {at} of {len(steps)}, {point}: {one}"
                  for one in story.examine(target, set(disk.told))]  # fmt: skip
    return wrong


def test_a_power_cut_leaves_whole_bundles_or_none(logged, story, tmp_path):
    assert power_cuts(logged, story, tmp_path / "after", 3, seed=3) == []


@pytest.mark.fuzz
def test_power_cuts_at_many_points_leave_whole_bundles_or_none(logged, story, tmp_path):
    assert power_cuts(logged, story, tmp_path / "after", max(10, LONG), seed=4) == []


def test_a_bundle_that_is_not_synced_would_be_noticed(logged, story, tmp_path):
    """What this asks can fail: without the sync of the file, a bundle that was made is lost."""
    assert power_cuts(logged, story, tmp_path / "after", 2, seed=5, deaf=f"/{story.STICK}/")


def filled_up(own_mounts, prepared, tmp_path, points, seed):
    small = ("sh", "-c", 'mount -t tmpfs -o size=9m none "$0" && exec "$@"', str(tmp_path))
    prefix = (*own_mounts, *small)
    return json.loads(run("full", prepared[0], tmp_path, points, seed, prefix=prefix))


def test_a_full_disk_refuses_in_words_and_keeps_what_it_had(own_mounts, prepared, tmp_path):
    assert filled_up(own_mounts, prepared, tmp_path, 3, 6) == []


@pytest.mark.fuzz
def test_full_disks_at_many_points_refuse_in_words(own_mounts, prepared, tmp_path):
    assert filled_up(own_mounts, prepared, tmp_path, max(10, LONG), 7) == []
