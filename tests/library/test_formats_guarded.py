"""The worker for third-party readers: limits, failures by name, reuse, and no orphans."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from library.errors import (
    DamagedFileError,
    FileTooLargeError,
    ReaderAnswerError,
    ReaderCrashedError,
    ReaderMemoryError,
    ReaderStartError,
    ReaderTimeoutError,
)
from library.formats import guarded, wire
from matching.errors import SpectraError

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

# Readers that go wrong in every way a reader can.
FAULTY = """
import os, sys, time
import numpy as np
from library.formats.worker import RefusedError

def echo(data):
    return {"length": len(data), "pid": os.getpid()}, [np.frombuffer(data, "u1").astype(float)]

def chatty(data):
    print("a reader that prints", flush=True)
    os.write(1, b"to its output")
    return echo(data)

def refuse(data):
    raise RefusedError("it says so itself")

def too_large(data):
    return {}, [np.zeros(20_000_001)]

def break_down(data):
    raise KeyError("npt")

def hang(data):
    while True:
        pass

def sleep(data):
    time.sleep(60)

def hold_the_lock(data):
    sum(range(10**12))  # one call into C that lets no other thread run

def crash(data):
    os.kill(os.getpid(), 9)

def leave(data):
    os._exit(5)

def eat(data):
    hoard = []
    while True:
        hoard.append(bytes(50_000_000))

def eat_at_once(data):
    return {}, [np.ones(int(2e11))]

def not_json(data):
    return {"value": float("nan")}, []

def lie(data):
    os.write(ANSWERS, b"garbage that is no message at all")
    time.sleep(60)

def huge_head(data):
    os.write(ANSWERS, b"SPR1" + b"\\xff" * 16)
    time.sleep(60)

def wrong_sizes(data):
    text = b'{"state": "done", "content": {}, "sizes": [7]}'
    os.write(ANSWERS, b"SPR1" + len(text).to_bytes(8, "little") + bytes(8) + text)
    time.sleep(60)

def _answers():
    return next(n for n in range(3, 20) if _is_pipe(n))

def _is_pipe(n):
    import stat
    try:
        return stat.S_ISFIFO(os.fstat(n).st_mode)
    except OSError:
        return False

ANSWERS = _answers()
OPERATIONS = {name: f for name, f in list(globals().items()) if callable(f) and name[0] != "_"}
"""


FAILURES = {
    "hang": ReaderTimeoutError,
    "sleep": ReaderTimeoutError,
    "hold_the_lock": ReaderTimeoutError,
    "crash": ReaderCrashedError,
    "leave": ReaderCrashedError,
    "eat": ReaderMemoryError,
    "eat_at_once": ReaderMemoryError,
    "not_json": ReaderCrashedError,
    "lie": ReaderAnswerError,
    "huge_head": ReaderAnswerError,
    "wrong_sizes": ReaderAnswerError,
}


def faulty(folder):
    """Yield a guard of the faulty readers; its worker must end with it."""
    (folder / "faulty_readers.py").write_text(FAULTY, encoding="utf-8")
    guard = guarded.Guard("faulty_readers", [str(folder)], seconds=0.5)
    yield guard
    pid = guard.process_id
    guard.close()
    assert pid is None or not alive(pid)


@pytest.fixture
def guard(tmp_path):
    yield from faulty(tmp_path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One guard, with one worker, for the tests in which no worker ends."""
    yield from faulty(tmp_path_factory.mktemp("kept"))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def gone(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def test_bytes_go_there_and_numbers_come_back_and_the_worker_is_reused(kept):
    first = kept.ask("echo", bytes(range(256)))
    second = kept.ask("echo", b"")
    np.testing.assert_array_equal(first.arrays[0], np.arange(256.0))
    assert (first.content["length"], second.content["length"]) == (256, 0)
    assert second.arrays[0].size == 0
    assert first.content["pid"] == second.content["pid"] == kept.process_id


def test_what_a_reader_prints_is_no_answer(kept):
    assert kept.ask("chatty", b"ab").content["length"] == 2


@pytest.mark.parametrize(
    ("operation", "error", "words"),
    [
        ("refuse", DamagedFileError, "it says so itself"),
        ("too_large", FileTooLargeError, "20,000,000"),
        ("break_down", DamagedFileError, "npt"),
        ("unknown", DamagedFileError, "unknown"),
    ],
)
def test_a_refusal_has_its_name_and_keeps_the_worker(kept, operation, error, words):
    before = kept.ask("echo", b"").content["pid"]
    with pytest.raises(error, match=words) as caught:
        kept.ask(operation, b"x")
    assert caught.value.remedy
    assert kept.ask("echo", b"").content["pid"] == before


@posix
def test_each_failure_has_its_name_and_the_next_file_a_fresh_worker(guard):
    for operation, error in FAILURES.items():
        before = guard.ask("echo", b"").content["pid"]
        with pytest.raises(error) as caught:
            guard.ask(operation, b"x")
        assert caught.value.what, operation
        assert caught.value.remedy, operation
        assert gone(before, 5), operation


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b'{"state": "done"}',
        b'{"state": "done", "content": [], "sizes": []}',
        b'{"state": "done", "content": {}, "sizes": "many"}',
        b'{"state": "done", "content": {}, "sizes": [-1, 1]}',
        b'{"state": "done", "content": {}, "sizes": [true]}',
        b'{"state": "done", "content": {}, "sizes": [1e3]}',
        b'{"state": "done", "content": {}, "sizes": [99999999999999999999]}',
    ],
)
def test_an_answer_that_is_none_is_refused(text):
    message = wire.HEAD.pack(wire.MAGIC, len(text), 0) + text
    with pytest.raises((wire.WireError, ReaderAnswerError)):
        guarded.checked(*wire.receive(io.BytesIO(message)))


def test_a_message_is_read_by_its_lengths_and_no_further():
    stream = io.BytesIO()
    wire.send(stream, {"a": 1}, (b"xy", b"z"))
    wire.send(stream, {"b": "é"})
    stream.seek(0)
    assert wire.receive(stream) == ({"a": 1}, b"xyz")
    assert wire.receive(stream) == ({"b": "é"}, b"")
    with pytest.raises(wire.WireError) as caught:
        wire.receive(stream)
    assert caught.value.ended


@posix
def test_a_worker_killed_while_it_reads_is_a_named_error(guard):
    def kill() -> None:
        while guard.process_id is None:
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(guard.process_id, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises((ReaderCrashedError, ReaderStartError)):
        guard.ask("sleep", b"x")
    killer.join()


@posix
def test_a_worker_killed_between_files_is_replaced(guard):
    for _ in range(3):
        pid = guard.ask("echo", b"").content["pid"]
        os.kill(pid, signal.SIGKILL)
    assert guard.ask("echo", b"").content["pid"] != pid


def test_threads_take_turns(kept):
    sizes = [3, 40_000, 17, 2_000_000, 0, 900]
    found: dict[int, int] = {}

    def read(size: int) -> None:
        found[size] = kept.ask("echo", bytes(size)).content["length"]

    threads = [threading.Thread(target=read, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {size: size for size in sizes}


def test_a_reader_that_cannot_be_imported_is_a_named_error(tmp_path):
    (tmp_path / "broken_readers.py").write_text("import no_such_module\n", encoding="utf-8")
    guard = guarded.Guard("broken_readers", [str(tmp_path)])
    with pytest.raises(ReaderStartError) as caught:
        guard.ask("opus", b"")
    assert caught.value.remedy
    assert guard.process_id is None


@posix
@pytest.mark.parametrize("busy", [False, True])
def test_the_worker_ends_with_a_parent_that_is_killed(tmp_path, busy):
    (tmp_path / "faulty_readers.py").write_text(FAULTY, encoding="utf-8")
    code = (
        "import sys, threading, time\n"
        "from library.formats.guarded import Guard\n"
        f"guard = Guard('faulty_readers', [{str(tmp_path)!r}], seconds=60)\n"
        "guard.ask('echo', b'')\n"
        "print(guard.process_id, flush=True)\n"
        + ("guard.ask('hang', b'')\n" if busy else "time.sleep(60)\n")
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(guarded.__file__).parents[2]
    )
    with parent:
        worker = int(parent.stdout.readline())
        time.sleep(0.2)
        assert alive(worker)
        parent.kill()
        parent.wait()
    assert gone(worker, 10)


@posix
def test_a_worker_whose_reader_holds_the_lock_ends_by_itself(tmp_path):
    (tmp_path / "faulty_readers.py").write_text(FAULTY, encoding="utf-8")
    code = (
        "from library.formats.guarded import Guard\n"
        f"guard = Guard('faulty_readers', [{str(tmp_path)!r}], seconds=0.5)\n"
        "guard.ask('echo', b'')\n"
        "print(guard.process_id, flush=True)\n"
        "guard.ask('hold_the_lock', b'')\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(guarded.__file__).parents[2]
    )
    with parent:
        worker = int(parent.stdout.readline())
        time.sleep(0.2)
        parent.kill()
        parent.wait()
    assert gone(worker, 10)


@posix
def test_a_forked_child_has_a_worker_of_its_own(kept):
    first = kept.ask("echo", b"").content["pid"]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            kept.forget()
            code = 0 if kept.ask("echo", b"12").content["pid"] != first else 2
            kept.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert kept.ask("echo", b"123").content["pid"] == first


def test_modules_of_the_current_folder_are_not_run(tmp_path, monkeypatch):
    for name in ("json", "library", "numpy", "witio"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    guarded.close()  # so that this file starts a worker, here
    with pytest.raises(SpectraError) as caught:
        guarded.ask("opus", b"")
    assert isinstance(caught.value, DamagedFileError)


def test_arrays_are_the_same_after_the_way_through_bytes():
    arrays = [np.arange(5.0), np.empty(0), np.array([1e-308, -0.0, 1e308])]
    sizes, body = wire.pack(arrays)
    for before, after in zip(arrays, wire.unpack(sizes, b"".join(body)), strict=True):
        np.testing.assert_array_equal(before, after)
