"""The evidence store: kept once, kept whole, and honest about what is not."""

import hashlib
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.frame import RawFrame
from devices.registry import open_analyser
from devices.sample import Sample
from devices.timing import SteppedTime
from spectra_app.errors import EvidenceError
from spectra_app.records.durable import locked
from spectra_app.records.evidence import EvidenceStore, Receipt

NOON = "2026-11-21T12:00:00Z"
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and resource limits are POSIX")

WRITER = (
    f"NOON = {NOON!r}"
    + """
import os, sys
from pathlib import Path
from spectra_app.records.evidence import EvidenceStore
store, tag, count = EvidenceStore(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for number in range(count):
    data = f"{tag} {number} ".encode() * (1 if tag == "same" else 4000 * (1 + number % 2 * 100))
    item = store.put(data, kind="test", name=f"{tag}-{number}", clock=lambda: NOON)
    os.write(1, f"{item.sha256} {int(item.first)}\\n".encode())
"""
)


def clock():
    return NOON


@pytest.fixture
def store(tmp_path):
    return EvidenceStore(tmp_path / "evidence")


@pytest.fixture
def put(store):
    def keep(data, name="scan.csv"):
        return store.put(data, kind="imported file", name=name, clock=clock)

    return keep


@pytest.fixture
def start_writer(store):
    """Start another process that puts, and prints what has been acknowledged."""
    running = []

    def start(tag, count):
        command = [sys.executable, "-c", WRITER, str(store.folder), tag, str(count)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def acknowledged(output):
    """Return (hash, first) of each whole line."""
    *lines, _rest = output.decode().split("\n")
    return [(line[:64], line[65:] == "1") for line in lines]


def test_keeps_bytes_under_their_hash_and_gives_them_back(store, put):
    item = put(b"counts", "a.csv")
    assert item.sha256 == hashlib.sha256(b"counts").hexdigest()
    assert item.path == store.folder / item.sha256[:2] / item.sha256[2:4] / item.sha256
    assert (item.size, item.kind, item.name, item.received_at) == (
        6,
        "imported file",
        "a.csv",
        NOON,
    )
    assert item.first
    assert item.path.read_bytes() == store.get(item.sha256) == b"counts"
    assert store.received().receipts == (Receipt(item.sha256, "imported file", "a.csv", 6, NOON),)
    assert store.verify().intact


def test_objects_are_read_only_and_nothing_is_left_beside_them(put):
    item = put(b"counts")
    assert not item.path.stat().st_mode & 0o222
    assert list(item.path.parent.iterdir()) == [item.path]


def test_same_bytes_again_are_not_written_again_but_received_again(store, put):
    first = put(b"counts", "a.csv")
    before = first.path.stat()
    second = put(b"counts", "b.csv")
    after = second.path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert (first.first, second.first) == (True, False)
    assert [receipt.name for receipt in store.received().receipts] == ["a.csv", "b.csv"]
    assert store.verify().objects == 1


def test_a_raw_frame_comes_back_as_it_was_measured(store):
    sample = Sample(bands=[[1001.0, 100.0, 6.0]])
    with open_analyser(
        "emulated-785", sample=sample, seed=1, timing=SteppedTime().timing(clock)
    ) as analyser:
        analyser.dark()
        frame = analyser.acquire()
    item = store.put(frame.to_bytes(), kind="raw frame", name=frame.serial, clock=clock)
    assert item.sha256 == frame.sha256
    again = RawFrame.from_bytes(store.get(frame.sha256))
    assert again.emulated
    assert again.counts.tobytes() == frame.counts.tobytes()
    assert again.dark.tobytes() == frame.dark.tobytes()


def test_an_empty_file_is_evidence_too(store, put):
    assert store.get(put(b"").sha256) == b""


@settings(max_examples=20)  # every example flushes to the disk many times
@given(st.lists(st.tuples(st.binary(max_size=300), st.text(max_size=20)), max_size=6))
def test_whatever_is_put_comes_back(pairs):
    with tempfile.TemporaryDirectory() as folder:
        store = EvidenceStore(Path(folder))
        items = [store.put(data, kind="any", name=name, clock=clock) for data, name in pairs]
        assert [store.get(item.sha256) for item in items] == [data for data, _name in pairs]
        assert [receipt.name for receipt in store.received().receipts] == [n for _d, n in pairs]
        assert store.verify().intact


def test_a_name_that_is_no_text_on_this_system_survives(store, put):
    name = os.fsdecode(b"scan-\xff.csv")
    put(b"counts", name)
    assert store.received().receipts[0].name == name


@pytest.mark.parametrize(
    "fields",
    [
        {"clock": lambda: "noon"},
        {"clock": lambda: "2026-11-21T12:00:00"},
        {"clock": lambda: None},
        {"name": None},
        {"kind": b"bytes"},
    ],
)
def test_what_makes_no_receipt_is_refused_before_anything_is_written(store, fields):
    with pytest.raises(EvidenceError, match="receipt"):
        store.put(b"counts", **{"kind": "test", "name": "a", "clock": clock, **fields})
    assert not store.folder.exists()


def test_damage_is_noticed_by_get_verify_and_the_next_put(store, put):
    item, other = put(b"counts"), put(b"other")
    item.path.chmod(0o644)
    item.path.write_bytes(b"c0unts")
    for call in (lambda: store.get(item.sha256), lambda: put(b"counts")):
        with pytest.raises(EvidenceError, match="damaged") as caught:
            call()
        assert "backup" in caught.value.remedy
    check = store.verify()
    assert check.damaged == (item.sha256,)
    assert (check.objects, check.missing, check.intact) == (1, (), False)
    assert store.get(other.sha256) == b"other"
    assert item.path.read_bytes() == b"c0unts"


def test_missing_evidence_is_noticed(store, put):
    item = put(b"counts")
    item.path.unlink()
    with pytest.raises(EvidenceError, match="no evidence of this hash"):
        store.get(item.sha256)
    check = store.verify()
    assert check.missing == (item.sha256,)
    assert not check.intact


@pytest.mark.parametrize("make", ["folder", "link to other bytes", "link to nothing"])
def test_something_else_in_the_place_of_an_object_is_never_taken_for_it(store, put, tmp_path, make):
    path = store.path_of(hashlib.sha256(b"counts").hexdigest())
    path.parent.mkdir(parents=True)
    if make == "folder":
        path.mkdir()
    else:
        target = tmp_path / "target"
        if make == "link to other bytes":
            target.write_bytes(b"other")
        path.symlink_to(target)
    with pytest.raises(EvidenceError):
        put(b"counts")
    assert store.received().receipts == ()


def test_a_hash_that_is_none_never_becomes_a_path(store):
    for name in ("", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"):
        with pytest.raises(EvidenceError, match="SHA-256"):
            store.get(name)


def test_a_store_that_was_never_used_is_empty_and_intact(store):
    assert store.received().receipts == ()
    check = store.verify()
    assert (check.objects, check.intact) == (0, True)
    assert not store.folder.exists()


@pytest.mark.parametrize("cut", [1, 20, 150])
def test_a_torn_last_line_is_tolerated_reported_and_never_swallows_the_next(store, put, cut):
    put(b"one", "one")
    put(b"two", "two")
    log = store.folder / "received.jsonl"
    log.write_bytes(log.read_bytes()[:-cut])
    assert [receipt.name for receipt in store.received().receipts] == ["one"]
    assert store.received().torn_lines == (2,)
    put(b"three", "three")
    check = store.verify()
    # cut by its line feed only, the line is whole again as soon as the next one follows
    assert [receipt.name for receipt in store.received().receipts] == (
        ["one", "two", "three"] if cut == 1 else ["one", "three"]
    )
    assert check.torn_lines == (() if cut == 1 else (2,))
    assert check.intact
    assert len(check.unlisted) == (0 if cut == 1 else 1)


@pytest.mark.parametrize(
    "line", [b"", b"\0\0\0\0", b"[]", b'{"sha256": 3}', b'{"sha256": "x"}', b"[" * 100_000]
)
def test_a_changed_line_is_reported(store, put, line):
    put(b"one")
    with (store.folder / "received.jsonl").open("ab") as log:
        log.write(line + b"\n")
    put(b"two")
    check = store.verify()
    assert check.unreadable_lines == (2,)
    assert not check.intact
    assert len(store.received().receipts) == 2


def test_strangers_and_unfinished_files_are_named(store, put):
    item = put(b"counts")
    (store.folder / "notes.txt").write_text("x")
    (item.path.parent / ("0" * 64)).write_text("in the wrong folder")
    unfinished = item.path.parent / f".{item.sha256}.0123456789abcdef.tmp"
    unfinished.write_bytes(b"cou")
    check = store.verify()
    folder = item.path.parent.relative_to(store.folder).as_posix()
    assert set(check.strangers) == {"notes.txt", f"{folder}/{'0' * 64}"}
    assert check.unfinished == (f"{folder}/{unfinished.name}",)
    assert check.intact


def test_many_threads_put_the_same_and_different_bytes(store):
    items, failures = [], []

    def work(tag):
        try:
            for number in range(15):
                items.append(store.put(b"same %d" % number, kind="t", name="same", clock=clock))
                mine = b"%d %d" % (tag, number)
                items.append(store.put(mine, kind="t", name="mine", clock=clock))
        except EvidenceError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(tag,)) for tag in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert sum(item.first for item in items) == 15 + 4 * 15
    check = store.verify()
    assert (check.objects, check.intact, check.unfinished) == (75, True, ())
    assert len(store.received().receipts) == len(items) == 120


@POSIX
def test_processes_share_a_folder(store, start_writer):
    writers = [start_writer(tag, 40) for tag in ("same", "same", "first", "second")]
    said = []
    for writer in writers:
        output, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0
        said += acknowledged(output)
    assert len(said) == 160
    assert sum(first for _sha, first in said) == 120
    check = store.verify()
    assert (check.objects, check.intact, check.unlisted, check.torn_lines) == (120, True, (), ())
    assert len(store.received().receipts) == 160


@POSIX
def test_kill_at_any_moment_loses_nothing_acknowledged(store, start_writer):
    chance = random.Random(2026)
    promised, killed = set(), 0
    for turn in range(6):
        writers = [start_writer(f"{turn}-{side}", 100_000) for side in "ab"]
        first_words = [writer.stdout.readline() for writer in writers]
        time.sleep(chance.uniform(0.0, 0.05))
        for writer, words in zip(writers, first_words, strict=True):
            writer.send_signal(signal.SIGKILL)
            promised |= {sha for sha, _first in acknowledged(words + writer.stdout.read())}
            killed += writer.wait() == -signal.SIGKILL
        check = store.verify()
        assert check.intact, check
        assert not check.strangers
        # Between object and line stands at most one object of each writer that was killed.
        assert len(check.unlisted) <= killed
        assert promised <= {receipt.sha256 for receipt in store.received().receipts}
    assert killed == 12
    assert len(promised) >= 12
    for sha in promised:
        assert hashlib.sha256(store.get(sha)).hexdigest() == sha


def test_no_half_object_is_ever_seen(store):
    """Another process that looks all the time sees an object whole or not at all."""
    size, done = 4_000_000, threading.Event()

    def work():
        for number in range(12):
            data = number.to_bytes(8, "big") * (size // 8)
            store.put(data, kind="t", name="n", clock=clock)
        done.set()

    writer = threading.Thread(target=work)
    writer.start()
    sizes, looks = set(), 0
    while not done.is_set() and writer.is_alive():
        looks += 1
        for path in store.folder.glob("??/??/*"):
            if not path.name.startswith("."):
                sizes.add(path.stat().st_size)
    writer.join(60)
    assert done.is_set()
    assert looks > 10
    assert sizes == {size}


def test_lines_wait_for_whoever_is_writing_one(store, put):
    put(b"one")
    with locked(store.folder / "received.lock"):
        other = threading.Thread(target=put, args=(b"two",))
        other.start()
        other.join(0.3)
        assert other.is_alive()
        assert len(store.received().receipts) == 1
    other.join(60)
    assert len(store.received().receipts) == 2


@POSIX
def test_a_writer_killed_with_the_lock_in_hand_does_not_block_the_next(store, put):
    put(b"one")
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from spectra_app.records.durable import locked\n"
        "with locked(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(store.folder / "received.lock")], check=False
    )
    assert ended.returncode == -signal.SIGKILL
    put(b"two")
    assert len(store.received().receipts) == 2


@POSIX
def test_a_file_that_may_not_grow_keeps_nothing_half(store, put):
    """The real limit of the system, in a child: the object itself does not fit."""
    put(b"before")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from spectra_app.errors import EvidenceError\n"
        "from spectra_app.records.evidence import EvidenceStore\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: EvidenceStore(Path(sys.argv[1])).put(\n"
        "    b'x' * 10000, kind='t', name='n', clock=lambda: '2026-11-21T12:00:00Z')\n"
        "except EvidenceError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(store.folder)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "disk is full" in said
    assert "not taken in" in said
    assert "free some space" in said
    check = store.verify()
    assert (check.objects, check.intact, check.unfinished, check.unlisted) == (1, True, (), ())


@POSIX
def test_a_line_that_does_not_fit_leaves_nothing_of_itself(store, put):
    put(b"before")
    log = store.folder / "received.jsonl"
    size = log.stat().st_size
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from spectra_app.errors import EvidenceError\n"
        "from spectra_app.records.evidence import EvidenceStore\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "limit = int(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "try: EvidenceStore(Path(sys.argv[1])).put(\n"
        "    b'x', kind='t', name='n', clock=lambda: '2026-11-21T12:00:00Z')\n"
        "except EvidenceError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(store.folder), str(size + 20)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "disk is full" in said
    assert log.stat().st_size == size
    check = store.verify()
    assert (check.intact, check.torn_lines) == (True, ())
    assert check.unlisted == (hashlib.sha256(b"x").hexdigest(),)
    assert put(b"x").first is False
    assert store.verify().unlisted == ()


@POSIX
def test_a_full_disk_is_said_and_leaves_the_store_intact(tmp_path):
    """A real small disk (tmpfs in a user's own mount namespace), filled to the last byte."""
    if not shutil.which("unshare") or not shutil.which("mount"):
        pytest.skip("unshare and mount are not installed")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = (
        "import sys; from pathlib import Path\n"
        "from spectra_app.errors import EvidenceError\n"
        "from spectra_app.records.evidence import EvidenceStore\n"
        "store, kept = EvidenceStore(Path(sys.argv[1])), []\n"
        "try:\n"
        "    for number in range(1000):\n"
        "        kept.append(store.put(b'%d ' % number * 3000, kind='t', name='n',\n"
        "            clock=lambda: '2026-11-21T12:00:00Z').sha256)\n"
        "except EvidenceError as error: print(error)\n"
        "check = store.verify()\n"
        "print(check.intact, check.objects >= len(kept) > 3, check.unfinished, check.torn_lines)\n"
        "print(set(kept) == {receipt.sha256 for receipt in store.received().receipts})\n"
    )
    mount = 'mount -t tmpfs -o size=256k tmpfs "$1" && echo mounted && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", str(disk), sys.executable, script]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if "mounted" not in ended.stdout:
        pytest.skip(f"no mount namespace here: {ended.stderr.strip()}")
    lines = ended.stdout.splitlines()
    assert "the disk is full" in lines[1], ended
    assert lines[2:] == ["True True () ()", "True"]


@POSIX
def test_a_folder_that_may_not_be_written_is_said(store, put):
    """As another user without rights when the tests run as root, who may write everywhere."""
    item = put(b"before")
    for folder in (item.path.parent, item.path.parent.parent, store.folder):
        folder.chmod(0o555)
    script = (
        "import os; from pathlib import Path\n"
        "from spectra_app.errors import EvidenceError\n"
        "from spectra_app.records.evidence import EvidenceStore\n"
        "try:\n"
        "    if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "except OSError: raise SystemExit('no other user in this namespace')\n"
        "try: EvidenceStore(Path('.')).put(\n"
        "    b'after', kind='t', name='n', clock=lambda: '2026-11-21T12:00:00Z')\n"
        "except EvidenceError as error: print(error)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=store.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    if "no other user" in ended.stderr:
        pytest.skip("root alone exists here (unshare -r), and root may write everywhere")
    assert ended.returncode == 0, ended.stderr
    assert "may not be used" in ended.stdout
    assert "ask for the permission" in ended.stdout
    for folder in (store.folder, item.path.parent.parent, item.path.parent):
        folder.chmod(0o755)
    assert store.verify().objects == 1


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path):
    (tmp_path / "evidence").write_text("a file")
    with pytest.raises(EvidenceError, match="does not work") as caught:
        EvidenceStore(tmp_path / "evidence").put(b"x", kind="t", name="n", clock=clock)
    assert caught.value.remedy


def test_the_log_is_json_lines_in_plain_ascii(store, put):
    put(b"counts", "Öl.csv")
    raw = (store.folder / "received.jsonl").read_bytes()
    assert raw.endswith(b"}\n")
    assert raw.isascii()
    assert set(json.loads(raw)) == {"sha256", "kind", "name", "size", "received_at"}
    assert stat.S_ISREG((store.folder / "received.jsonl").stat().st_mode)
