"""Fixtures and guards for the whole suite: no internet, nobody's own files, real data or a skip."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

HERE = Path(__file__).resolve().parent
GUARD = HERE / "house" / "guard"
SCRATCH_VARIABLE = "SPECTRA_TEST_SCRATCH"

# Repeatable by default, and no wall-clock limit; `make fuzz` looks for new examples instead.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.register_profile("fuzz", deadline=None, print_blob=True)
settings.load_profile("fuzz" if os.environ.get("SPECTRA_FUZZ") else "repeatable")

# A run in the background (nohup) inherits that requests to end are ignored, and so would the
# programs that it starts.
for _name in ("SIGINT", "SIGHUP", "SIGQUIT", "SIGTSTP"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)


# --- Nobody's own files, no window on nobody's screen ----------------------------------------


def _leave_home(scratch: Path) -> None:
    """Point every per-user folder into `scratch`, for this process and its children."""
    folders = {
        "HOME": "home",
        "USERPROFILE": "home",
        "APPDATA": "home/appdata",
        "LOCALAPPDATA": "home/local",
        "XDG_CONFIG_HOME": "home/config",
        "XDG_DATA_HOME": "home/data",
        "XDG_CACHE_HOME": "home/cache",
        "XDG_STATE_HOME": "home/state",
        "SPECTRA_HOME": "spectra",
    }
    for variable, name in folders.items():
        folder = scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[variable] = str(folder)


def pytest_configure(config: pytest.Config) -> None:
    """Set up the process before any test module is imported."""
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist: one folder each, one shared log
        scratch = Path(os.environ[SCRATCH_VARIABLE]) / config.workerinput["workerid"]
    else:
        root = Path(tempfile.mkdtemp(prefix="spectra-tests-"))
        os.environ[SCRATCH_VARIABLE] = str(root)
        os.environ["SPECTRA_NETWORK_LOG"] = str(root / "network.jsonl")
        earlier = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(GUARD), *([earlier] if earlier else [])])
        config.add_cleanup(lambda: shutil.rmtree(root, ignore_errors=True))
        scratch = root / "main"
    _leave_home(scratch)
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


# --- No internet -------------------------------------------------------------------------------


def _load_guard() -> ModuleType:
    """Return the guard: the one loaded at start-up in a worker, otherwise from its file."""
    loaded = sys.modules.get("sitecustomize")
    if loaded is not None and Path(loaded.__file__ or "").parent == GUARD:
        return loaded
    spec = importlib.util.spec_from_file_location("network_guard", GUARD / "sitecustomize.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"cannot load the network guard from {GUARD}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_guard = _load_guard()
_guard.install()
_guard.watch_children = True


def _refusals() -> list[dict[str, str]]:
    """Read what was refused so far, in this process, in other workers and in all children."""
    log = Path(os.environ["SPECTRA_NETWORK_LOG"])
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(autouse=True)
def _no_internet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that reached for the internet, even when the exception was swallowed."""
    yield
    mine = [r["what"] for r in _refusals() if r["test"].rpartition(" ")[0] == request.node.nodeid]
    if mine:
        pytest.fail("this test, or a child process of it, used the internet: " + "; ".join(mine))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for any refusal that no test answered for (late children, import time)."""
    if hasattr(session.config, "workerinput"):
        return
    refused = _refusals()
    if refused and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every refusal at the end of the run."""
    for refusal in _refusals():
        terminalreporter.write_line(f"network refused: {refusal['test']}: {refusal['what']}")


@pytest.fixture
def network_guard() -> ModuleType:
    """Return the installed guard module."""
    return _guard


# --- Places ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data, or skip: it is not part of this repository."""
    named = os.environ.get("SPECTRA_DATA")
    if named:
        folder = Path(named)
        if not folder.is_dir():
            pytest.fail(f"SPECTRA_DATA names {named}, which is not a folder")
        return folder
    folder = HERE.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real data: ../shared/data beside the repository, or SPECTRA_DATA")
    return folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the root of the source tree, or skip where only the installed program is here."""
    root = HERE.parent
    if not (root / "pyproject.toml").is_file():
        pytest.skip("looks at the source tree; this run has the installed program only")
    return root


@pytest.fixture
def worded() -> Callable[..., list[str]]:
    """Return what gives the ids of the records of a kind that the index finds by words."""
    query = (
        "SELECT f.id FROM words JOIN revisions AS f ON f.rowid = words.rowid"
        " WHERE words MATCH ? AND f.kind = ? ORDER BY words.rowid DESC"
    )

    def found(ledger: Any, kind: Any, text: str) -> list[str]:
        words = " ".join('"' + word.replace('"', '""') + '"*' for word in text.split())
        with ledger.reading() as connection:
            return [id_ for (id_,) in connection.execute(query, (words, kind.KIND))]

    return found


@pytest.fixture
def spectra_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty data folder of the program, used by this test alone."""
    folder = tmp_path / "spectra-home"
    folder.mkdir()
    monkeypatch.setenv("SPECTRA_HOME", str(folder))
    return folder


# --- Nothing outlives its file -------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def _no_reader_left() -> Iterator[None]:
    """End the worker of the third-party readers after each file of tests that started it.

    As in the program, one worker reads many files: starting it takes longer than most tests.
    """
    yield
    guarded = sys.modules.get("library.formats.guarded")
    if guarded is not None:
        guarded.close()


# --- What a power cut leaves -----------------------------------------------------------------


@pytest.fixture(scope="session")
def disk_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the library that logs what is done to a disk, compiled here."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux and a C compiler (cc)")
    library = tmp_path_factory.mktemp("disk_log") / "disk_log.so"
    source = HERE / "ledger" / "crash" / "disk_log.c"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the compiler cannot make it here: {done.stderr[-200:]}")
    return library


@pytest.fixture(scope="session")
def own_mounts() -> tuple[str, ...]:
    """Return the command that may mount something, for itself only."""
    prefix = ("unshare", "--user", "--map-root-user", "--mount")
    if not shutil.which("unshare"):
        pytest.skip("needs unshare (util-linux)")
    mount = (*prefix, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system refuses a mount namespace of one's own")
    return prefix
