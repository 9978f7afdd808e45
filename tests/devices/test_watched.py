"""The watched folder on real temporary folders, stepped by poll: nothing missed, nothing twice."""

import dataclasses
import hashlib
import json
import os
import random
import shutil

import pytest

from devices import watched
from devices.errors import MemoryContentError
from devices.timing import SteppedTime
from devices.watched import NoteKind, WatchedFolder, WatchSettings
from devices.watched_memory import WatchMemory

DEEP = WatchSettings(sub_folders=True)


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "card"
    inside.mkdir()
    return inside


@pytest.fixture
def watch(folder):
    time = SteppedTime("2026-11-22T08:00:00.000Z")

    def make(settings=watched.DEFAULTS, memory=None, at=folder):
        return WatchedFolder(at, settings, timing=time.timing(), memory=memory or WatchMemory())

    return make


def polls(watcher, count):
    """Return what arrived and the kinds of notes in `count` polls."""
    found = [watcher.poll() for _ in range(count)]
    arrived = [one for poll in found for one in poll.arrived]
    return arrived, [note.kind for poll in found for note in poll.notes]


def snapshot(folder):
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_file_is_taken_when_it_stood_still_for_two_polls(folder, watch):
    watcher = watch()
    (folder / "a.spc").write_bytes(b"spectrum")
    assert polls(watcher, 2) == ([], [])
    assert watcher.waiting == (folder / "a.spc",)
    (arrived,), notes = polls(watcher, 1)
    assert arrived.path == folder / "a.spc"
    assert arrived.data == b"spectrum"
    assert arrived.sha256 == hashlib.sha256(b"spectrum").hexdigest()
    assert arrived.size == 8
    assert float(arrived.modified) == pytest.approx((folder / "a.spc").stat().st_mtime)
    assert arrived.seen == "2026-11-22T08:00:00.000Z"
    assert arrived.duplicate_of == ""
    assert notes == []
    assert polls(watcher, 5) == ([], [])


def test_a_file_that_grows_or_is_touched_is_waited_for(folder, watch):
    watcher = watch()
    path = folder / "slow.csv"
    for piece in range(20):
        with path.open("ab") as file:
            file.write(b"x")
        os.utime(path, ns=(0, piece * 10**9))
        assert polls(watcher, 2) == ([], [])
    for touch in range(5):  # the size stands still, its time does not
        os.utime(path, ns=(0, (100 + touch) * 10**9))
        assert polls(watcher, 1) == ([], [])
    arrived, _ = polls(watcher, 2)
    assert [one.size for one in arrived] == [20]


def test_an_empty_file_is_never_taken(folder, watch):
    watcher = watch()
    (folder / "empty").touch()
    assert polls(watcher, 10) == ([], [NoteKind.EMPTY])
    assert watcher.settled
    (folder / "empty").write_bytes(b"now")
    arrived, _ = polls(watcher, 3)
    assert [one.data for one in arrived] == [b"now"]


def test_nothing_in_the_folder_is_changed(folder, watch):
    (folder / "sub").mkdir()
    for number in range(5):
        (folder / f"{number}.csv").write_bytes(bytes([number + 1]) * 100)
        (folder / "sub" / f"{number}.csv").write_bytes(bytes([number + 1]) * 50)
    for path in folder.rglob("*.csv"):
        path.chmod(0o444)
    before = snapshot(folder)
    listed = folder.stat().st_mtime_ns
    arrived, _ = polls(watch(DEEP), 4)
    assert len(arrived) == 10
    assert snapshot(folder) == before
    assert folder.stat().st_mtime_ns == listed


def test_duplicates_are_recognised_and_said(folder, watch):
    watcher = watch()
    (folder / "a").write_bytes(b"same")
    polls(watcher, 3)
    (folder / "b").write_bytes(b"same")
    (arrived,), notes = polls(watcher, 3)
    assert arrived.duplicate_of == str(folder / "a")
    assert notes == [NoteKind.DUPLICATE]


def test_a_renamed_file_is_a_duplicate_and_a_touched_one_is_nothing(folder, watch):
    watcher = watch()
    (folder / "a.tmp").write_bytes(b"scan")
    polls(watcher, 3)
    (folder / "a.tmp").rename(folder / "a.spc")
    (arrived,), notes = polls(watcher, 4)
    assert (arrived.path.name, arrived.duplicate_of) == ("a.spc", str(folder / "a.tmp"))
    assert notes == [NoteKind.DUPLICATE]
    os.utime(folder / "a.spc", ns=(0, 5))
    assert polls(watcher, 5) == ([], [])


def test_a_file_renamed_before_it_was_complete_is_taken_once_under_its_last_name(folder, watch):
    watcher = watch()
    (folder / "a.part").write_bytes(b"scan")
    polls(watcher, 2)
    (folder / "a.part").rename(folder / "a.spc")
    arrived, notes = polls(watcher, 4)
    assert [one.path.name for one in arrived] == ["a.spc"]
    assert notes == [NoteKind.VANISHED]


def test_a_replaced_file_is_taken_again_and_said(folder, watch):
    watcher = watch()
    path = folder / "last.csv"
    for number, data in enumerate((b"first", b"other", b"first")):
        path.write_bytes(data)
        os.utime(path, ns=(0, (number + 1) * 10**9))
        arrived, notes = polls(watcher, 4)
        assert [one.data for one in arrived] == [data]
        changed = [NoteKind.CHANGED] if number else []
        assert notes == changed + ([NoteKind.DUPLICATE] if number == 2 else [])


def test_a_file_deleted_before_it_was_complete_is_said(folder, watch):
    watcher = watch()
    (folder / "a").write_bytes(b"1")
    polls(watcher, 1)
    (folder / "a").unlink()
    assert polls(watcher, 3) == ([], [NoteKind.VANISHED])


def test_a_medium_that_is_removed_and_comes_back(folder, watch, tmp_path):
    watcher = watch()
    (folder / "a").write_bytes(b"1")
    polls(watcher, 3)
    (folder / "b").write_bytes(b"2")
    polls(watcher, 2)
    folder.rename(tmp_path / "pulled out")
    assert polls(watcher, 4) == ([], [NoteKind.FOLDER_GONE])
    (tmp_path / "pulled out" / "c").write_bytes(b"3")  # written by the instrument meanwhile
    (tmp_path / "pulled out").rename(folder)
    arrived, notes = polls(watcher, 3)
    assert [one.data for one in arrived] == [b"2", b"3"]
    assert notes == [NoteKind.FOLDER_BACK]


def _card(folder, words, time_ns=0):
    """Fill a memory card of an instrument without a clock: names, sizes and times repeat."""
    folder.mkdir()
    for number, word in enumerate(words):
        path = folder / f"SCAN{number}.SPC"
        path.write_bytes(word)
        os.utime(path, ns=(time_ns, time_ns))


@pytest.mark.parametrize("restarted", [False, True])
def test_another_card_with_the_same_names_sizes_and_times_is_not_overlooked(
    folder, watch, restarted
):
    folder.rmdir()
    _card(folder, [b"urea", b"MDMA"])
    watcher = watch()
    assert len(polls(watcher, 3)[0]) == 2
    shutil.rmtree(folder)
    if restarted:
        watcher = watch(memory=watcher.memory)
    else:
        polls(watcher, 1)
    _card(folder, [b"urea", b"LSD!"])
    arrived, notes = polls(watcher, 5)
    assert [(one.path.name, one.data) for one in arrived] == [("SCAN1.SPC", b"LSD!")]
    assert NoteKind.CHANGED in notes
    assert watcher.settled
    shutil.rmtree(folder)
    assert polls(watcher, 2) == ([], [NoteKind.FOLDER_GONE])
    _card(folder, [])  # a card taken away while it was looked at again lost nothing
    assert polls(watcher, 4) == ([], [NoteKind.FOLDER_BACK])


def test_a_full_card_is_taken_in_portions_and_new_files_come_first(folder, watch, monkeypatch):
    monkeypatch.setattr(watched, "MOST_AT_ONCE", 25)
    monkeypatch.setattr(watched, "CHECKED_AT_ONCE", 1)
    for number in range(5):
        (folder / f"{number}").write_bytes(b"%10d" % number)
    watcher = watch()
    assert [len(polls(watcher, 1)[0]) for _ in range(6)] == [0, 0, 2, 2, 1, 0]
    assert watcher.settled
    watcher = watch(memory=watcher.memory)
    (folder / "9").write_bytes(b"new")
    assert [len(polls(watcher, 1)[0]) for _ in range(3)] == [0, 0, 1]
    seen = []
    while not watcher.settled:
        seen.append(polls(watcher, 1))
    assert seen == [([], [])] * 4


def test_a_folder_that_is_not_there_yet(watch, tmp_path):
    watcher = watch(at=tmp_path / "later")
    assert polls(watcher, 2) == ([], [NoteKind.FOLDER_GONE])
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a").write_bytes(b"1")
    arrived, notes = polls(watcher, 3)
    assert len(arrived) == 1
    assert notes == [NoteKind.FOLDER_BACK]


def test_a_file_that_may_not_be_read_is_said_once_and_taken_later(folder, watch, monkeypatch):
    watcher = watch()
    (folder / "locked").write_bytes(b"held by another program")
    (folder / "open").write_bytes(b"free")
    real = os.open

    def refusing(path, *rest, **more):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing)
        arrived, notes = polls(watcher, 6)
    assert [one.path.name for one in arrived] == ["open"]
    assert notes == [NoteKind.UNREADABLE]
    arrived, notes = polls(watcher, 1)
    assert [one.path.name for one in arrived] == ["locked"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_sub_folder_that_may_not_be_read(folder, watch):
    (folder / "sub").mkdir()
    (folder / "sub" / "a").write_bytes(b"1")
    (folder / "sub").chmod(0)
    watcher = watch(DEEP)
    assert polls(watcher, 4) == ([], [NoteKind.FOLDER_UNREADABLE])
    (folder / "sub").chmod(0o755)
    assert len(polls(watcher, 3)[0]) == 1


def test_a_file_that_changes_while_it_is_read_is_looked_at_again(folder, watch, monkeypatch):
    watcher = watch()
    path = folder / "a"
    path.write_bytes(b"half")
    polls(watcher, 2)
    real = os.open

    def writing(name, *rest, **more):
        with path.open("ab") as file:
            file.write(b" and half")
        return real(name, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", writing)
        assert polls(watcher, 1) == ([], [NoteKind.CHANGED_WHILE_READ])
    arrived, _ = polls(watcher, 3)
    assert [one.data for one in arrived] == [b"half and half"]


def test_links_pipes_and_swapped_files_are_not_followed(folder, watch, tmp_path, monkeypatch):
    (tmp_path / "secret").write_bytes(b"elsewhere")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    watcher = watch(DEEP)
    assert polls(watcher, 4) == ([], [NoteKind.NOT_A_FILE] * 3)
    (folder / "plain").write_bytes(b"plain")
    polls(watcher, 2)
    real = os.open

    def swapping(name, *rest, **more):
        (folder / "plain").unlink()
        os.mkfifo(folder / "plain")
        return real(name, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", swapping)
        assert polls(watcher, 1) == ([], [NoteKind.UNREADABLE])


def test_too_large_and_too_many_are_said_once(folder, watch):
    small = dataclasses.replace(DEEP, most_bytes=10, most_files=3)
    watcher = watch(small)
    (folder / "a").write_bytes(bytes(range(11)))
    (folder / "b").write_bytes(b"ok")
    arrived, notes = polls(watcher, 6)
    assert [one.path.name for one in arrived] == ["b"]
    assert notes == [NoteKind.TOO_LARGE]
    for name in "cd":
        (folder / name).write_bytes(name.encode())
    arrived, notes = polls(watcher, 6)
    assert [one.path.name for one in arrived] == ["c"]
    assert notes == [NoteKind.TOO_MANY]


def test_endings_and_sub_folders(folder, watch):
    (folder / "sub").mkdir()
    for name in ("a.SPC", "b.txt", "sub/c.spc"):
        (folder / name).write_bytes(name.encode())
    arrived, _ = polls(watch(WatchSettings(endings=(".spc",))), 3)
    assert [one.path.name for one in arrived] == ["a.SPC"]
    arrived, _ = polls(watch(WatchSettings(sub_folders=True, endings=(".spc",))), 3)
    assert [one.path.name for one in arrived] == ["a.SPC", "c.spc"]


def test_a_restart_takes_nothing_twice_and_misses_nothing(folder, watch):
    watcher = watch()
    (folder / "a").write_bytes(b"1")
    (folder / "b").write_bytes(b"2")
    polls(watcher, 3)
    (folder / "c").write_bytes(b"3")
    polls(watcher, 2)  # seen, not taken yet
    saved = watcher.memory.to_json()
    (folder / "d").write_bytes(b"1")
    (folder / "b").unlink()
    again = watch(memory=WatchMemory.from_json(saved))
    arrived, notes = polls(again, 3)
    assert [(one.path.name, bool(one.duplicate_of)) for one in arrived] == [
        ("c", False),
        ("d", True),
    ]
    assert notes == [NoteKind.DUPLICATE]
    assert WatchMemory.from_json(saved) == watcher.memory


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "nonsense",
        '{"version": 2, "files": [], "first_paths": []}',
        '{"version": 1, "files": [["a", 1]], "first_paths": []}',
        '{"version": 1, "files": [["a", -1, 0, "' + "0" * 64 + '"]], "first_paths": []}',
        '{"version": 1, "files": [["a", 1, 0, "xyz"]], "first_paths": []}',
        '{"version": 1, "files": [], "first_paths": [["' + "0" * 64 + '", ""]]}',
        "[" * 100_000,
    ],
)
def test_a_damaged_memory_is_refused(text):
    with pytest.raises(MemoryContentError):
        WatchMemory.from_json(text)


def test_the_memory_of_odd_names_survives(folder, watch):
    name = os.fsdecode(b"odd \xff\xc3\xa9.spc")
    try:
        (folder / name).write_bytes(b"1")
    except OSError:
        pytest.skip("this file system takes no such names")
    watcher = watch()
    polls(watcher, 3)
    saved = watcher.memory.to_json()
    json.loads(saved)
    assert polls(watch(memory=WatchMemory.from_json(saved)), 4) == ([], [])


class Handheld:
    """Random acts on a folder; knows what is complete, and what the watcher owes."""

    SLOTS = 14

    def __init__(self, folder, seed):
        self.folder, self.away = folder, folder.with_name("away")
        self.chance = random.Random(seed)
        self.tick = 0
        self.writing = {}  # path -> bytes still to come
        self.complete = {}  # path -> (bytes, polls that have passed since with the medium in)
        self.allowed = {}  # path -> contents that were ever complete there
        self.pausing = set()  # written files that did not grow before the last poll
        self.plugged = True

    def path(self):
        number = self.chance.randrange(self.SLOTS)
        return self.folder / ("sub" if number % 3 == 0 else "") / f"{number}.csv"

    def stamp(self, path):
        self.tick += 1
        os.utime(path, ns=(0, self.tick * 2 * 10**9))

    def content(self):
        if self.chance.random() < 0.15 and self.complete:
            return self.chance.choice([data for data, _ in self.complete.values()])
        size = self.chance.choice([1, 7, 100, 3000])
        return b"%d:" % self.tick + self.chance.randbytes(size)

    def finish(self, path, data):
        self.complete[path] = (data, 0)
        self.allowed.setdefault(path, set()).add(data)

    def act(self):
        """Do one thing that a person or an instrument does."""
        kind = self.chance.choices(
            ["whole", "begin", "rename", "replace", "delete", "touch", "medium"],
            [4, 4, 2, 2, 2, 1, 0.3],
        )[0]
        if kind == "medium":
            self.pull_or_plug()
        elif self.plugged:
            getattr(self, kind)(self.path())

    def pull_or_plug(self):
        first, second = (self.folder, self.away) if self.plugged else (self.away, self.folder)
        first.rename(second)
        self.plugged = not self.plugged
        self.complete = {path: (data, 0) for path, (data, _) in self.complete.items()}

    def whole(self, path):
        if path not in self.writing:
            self.replace(path)

    def begin(self, path):
        if path not in self.writing:
            self.complete.pop(path, None)
            self.writing[path] = self.content()
            path.write_bytes(b"")
            self.stamp(path)

    def rename(self, path):
        target = self.path()
        if path in self.complete and target not in self.writing and target != path:
            data, _ = self.complete.pop(path)
            path.rename(target)
            self.stamp(target)
            self.finish(target, data)

    def replace(self, path):
        if path not in self.writing:
            data = self.content()
            hidden = self.folder.with_name("new")
            hidden.write_bytes(data)
            self.stamp(hidden)
            hidden.replace(path)
            self.finish(path, data)

    def delete(self, path):
        path.unlink(missing_ok=True)
        self.writing.pop(path, None)
        self.complete.pop(path, None)

    def touch(self, path):
        if path in self.complete:
            self.stamp(path)
            self.complete[path] = (self.complete[path][0], 0)

    def before_poll(self):
        """Let what is being written grow; a writer pauses for one poll at most."""
        for path, left in list(self.writing.items()) if self.plugged else ():
            if path not in self.pausing and self.chance.random() < 0.3:
                self.pausing.add(path)
                continue
            self.pausing.discard(path)
            size = self.chance.randrange(1, 40)
            with path.open("ab") as file:
                file.write(left[:size])
            self.stamp(path)
            self.writing[path] = left[size:]
            if not left[size:]:
                del self.writing[path]
                self.finish(path, path.read_bytes())

    def after_poll(self):
        """Return what must have arrived by now: still for the three looks that it takes."""
        if not self.plugged:
            return {}
        self.complete = {path: (data, seen + 1) for path, (data, seen) in self.complete.items()}
        return {path: data for path, (data, seen) in self.complete.items() if seen >= 3}


@pytest.mark.fuzz
def test_ten_thousand_acts_nothing_missed_nothing_twice_no_half_file(folder, watch):
    seed = random.SystemRandom().randrange(2**32) if os.environ.get("SPECTRA_FUZZ") else 4
    handheld, watcher = Handheld(folder, seed), watch(DEEP)
    (folder / "sub").mkdir()
    last, taken, resumed = {}, 0, 0
    for number in range(10_000):
        handheld.act()
        if handheld.chance.random() < 0.4:
            handheld.before_poll()
            for one in watcher.poll().arrived:
                assert one.data in handheld.allowed.get(one.path, ()), (seed, number, "half")
                assert handheld.complete[one.path][0] == one.data, (seed, number, "old")
                assert last.get(one.path) != one.data, (seed, number, "twice")
                assert one.sha256 == hashlib.sha256(one.data).hexdigest()
                last[one.path] = one.data
                taken += 1
            for path, data in handheld.after_poll().items():
                assert last.get(path) == data, (seed, number, "missed", path)
        if handheld.chance.random() < 0.01:
            watcher = watch(DEEP, WatchMemory.from_json(watcher.memory.to_json()))
            handheld.complete = {p: (data, 0) for p, (data, _) in handheld.complete.items()}
            resumed += 1
    assert taken > 500
    assert resumed > 50
    shutil.rmtree(folder.parent)
