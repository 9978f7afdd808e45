"""The guard against internet sockets fires, here and in children, even when nobody listens."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

REACHING = {
    "socket": "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "socket6": "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "name look-up": "import socket; socket.getaddrinfo('localhost', 80)",
    "old name look-up": "import socket; socket.gethostbyname('localhost')",
    "http": "import http.client; http.client.HTTPConnection('localhost', 80).connect()",
}


@pytest.fixture
def reach(tmp_path: Path) -> Callable[[str], tuple[subprocess.CompletedProcess[str], list[str]]]:
    """Run code in a child Python with a log of its own, so that this session stays clean."""
    log = tmp_path / "expected.jsonl"

    def run(code: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        child = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "SPECTRA_NETWORK_LOG": str(log)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return child, [json.loads(line)["what"] for line in lines]

    return run


@pytest.mark.parametrize("code", REACHING.values(), ids=list(REACHING))
def test_a_child_process_is_refused_and_named(reach, code: str) -> None:
    child, refused = reach(code)
    assert child.returncode != 0
    assert "opens no internet socket" in child.stderr
    assert len(refused) == 1


def test_a_child_that_swallows_the_refusal_is_still_written_down(reach) -> None:
    child, refused = reach(f"try:\n    {REACHING['socket']}\nexcept Exception:\n    pass")
    assert child.returncode == 0
    assert len(refused) == 1


def test_a_grandchild_is_watched_too(reach) -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {REACHING['socket']!r}])"
    _, refused = reach(code)
    assert len(refused) == 1


def test_local_sockets_stay_allowed(reach) -> None:
    child, refused = reach(
        "import socket; a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'"
    )
    assert (child.returncode, refused) == (0, [])


def test_the_guard_fires_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network_guard: ModuleType
) -> None:
    import socket

    log = tmp_path / "expected.jsonl"
    monkeypatch.setenv("SPECTRA_NETWORK_LOG", str(log))
    with pytest.raises(network_guard.InternetSocketError, match="internet socket"):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with pytest.raises(network_guard.InternetSocketError, match="getaddrinfo"):
        socket.getaddrinfo("localhost", 80)
    assert len(log.read_text(encoding="utf-8").splitlines()) == 2
    monkeypatch.undo()


@pytest.fixture
def rehearse(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run pytest on one test file beside a copy of the guards."""

    def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
        here = Path(__file__).resolve().parent
        tests = tmp_path / "tests"
        shutil.copytree(here / "guard", tests / "house" / "guard")
        shutil.copy(here.parent / "conftest.py", tests / "conftest.py")
        (tests / "test_sly.py").write_text(code, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "tests"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    return run


@pytest.mark.parametrize("workers", ["0", "2"], ids=["one process", "xdist"])
def test_a_run_fails_when_a_test_swallows_the_refusal(rehearse, workers: str) -> None:
    hidden = f"try:\n        {REACHING['socket']}\n    except Exception:\n        pass\n"
    run = rehearse(f"def test_sly():\n    {hidden}\ndef test_good():\n    pass\n", "-n", workers)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "test_sly" in run.stdout
    assert "used the internet" in run.stdout
    assert "2 passed, 1 error" in run.stdout


def test_a_refusal_that_belongs_to_no_test_fails_the_run(rehearse) -> None:
    hidden = f"try:\n    {REACHING['socket']}\nexcept Exception:\n    pass\n"
    run = rehearse(f"{hidden}\ndef test_good():\n    pass\n")
    assert "1 passed" in run.stdout
    assert "network refused" in run.stdout
    assert run.returncode == 1


def test_a_child_that_would_start_without_the_guard_is_a_failure(rehearse) -> None:
    run = rehearse(
        "import subprocess, sys\n"
        "def test_isolated():\n    subprocess.run([sys.executable, '-I', '-c', ''])\n"
        "def test_bare():\n    subprocess.run([sys.executable, '-c', ''], env={})\n"
        "def test_good():\n    subprocess.run([sys.executable, '-c', ''])\n"
    )
    assert run.returncode == 1
    assert "2 failed, 1 passed" in run.stdout
    assert "without the network guard" in run.stdout
