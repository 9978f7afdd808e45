"""Watched folders: each exported file is kept, identified once and told, whatever happens."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devices.timing import SteppedTime
from library.errors import ProfileError
from library.formats.profile import Profile, to_json
from matching.errors import SpectraError
from spectra_app.records import durable
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services import watched_folders, watching
from spectra_app.services.batch import BatchError
from spectra_app.services.result_rows import ResultsFile
from spectra_app.services.session import open_identifier
from spectra_app.services.watched_folders import Remembered, WatchError, place_of
from spectra_app.services.watching import Means, Received, Said, opened, watch


@pytest.fixture
def folder(tmp_path, spectra_home):  # noqa: ARG001  the data folder is made for the program
    made = tmp_path / "card"
    made.mkdir()
    return made


@pytest.fixture
def export(folder, scan_text):
    """Return a function that exports a scan of a made-up substance into the folder."""

    def write(name, text=None, substance="caffeine", seed=1):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            text = scan_text(substance, seed=seed)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def time():
    return SteppedTime("2026-11-22T08:00:00.000Z")


@pytest.fixture
def station(folder, small_library, tmp_path, time):
    """Return a function that makes the means of a station, and what is told to it."""
    told = []
    identifier = replace(open_identifier(small_library), clock=time.utc)

    def make(out="results.jsonl"):
        results = ResultsFile(tmp_path / out) if out else None
        return Means(identifier, told.append, results, timing=time.timing())

    make.told, make.identifier, make.folder = told, identifier, folder
    return make


@contextlib.contextmanager
def watched(station, out="results.jsonl", place=None):
    with opened(place or place_of(station.folder), station(out)) as one:
        yield one


def polls(one, count):
    for _ in range(count):
        one.poll()


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def files(told):
    return [what for what in told if isinstance(what, Received)]


def notes(told):
    return [what.code for what in told if isinstance(what, Said)]


def snapshot(folder):
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_file_is_kept_identified_and_told_and_the_folder_is_not_changed(
    station, export, folder, tmp_path
):
    path = export("sub/caffeine.csv")
    before = snapshot(folder)
    with watched(station, place=place_of(folder, "Handheld 3")) as one:
        polls(one, 2)
        assert station.told == []
        polls(one, 3)
    (received,) = station.told
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = received.found[0].record
    assert (record.outcome, record.sha256, record.file) == ("match", digest, str(path))
    assert record.assumptions[0] == "Taken for a scan of Handheld 3, in whose folder it lay."
    assert station.identifier.evidence.get(digest) == path.read_bytes()
    (receipt,) = station.identifier.evidence.received().receipts
    assert (receipt.name, receipt.received_at) == (str(path), "2026-11-22T08:00:00.000Z")
    (row,) = rows(tmp_path / "results.jsonl")
    assert row == json.loads(json.dumps(record.to_json()))
    assert snapshot(folder) == before


def test_evidence_comes_before_any_reader(station, export, monkeypatch):
    export("caffeine.csv")
    order = []
    put = EvidenceStore.put

    def keep(self, data, **more):
        order.append("kept")
        return put(self, data, **more)

    monkeypatch.setattr(EvidenceStore, "put", keep)
    monkeypatch.setattr(watching, "identify_bytes", lambda *_, **__: order.append("read") or ())
    with watched(station) as one:
        polls(one, 3)
    assert order == ["kept", "read"]


def test_what_was_hashed_is_identified_though_the_file_changes_afterwards(station, export):
    path = export("a.csv")
    data = path.read_bytes()
    kept = type(station.identifier).keep

    def swap(self, *arguments, **more):
        export("a.csv", substance="urea")
        return kept(self, *arguments, **more)

    with pytest.MonkeyPatch.context() as patch, watched(station) as one:
        patch.setattr(type(station.identifier), "keep", swap)
        polls(one, 3)
    (received,) = files(station.told)
    assert received.sha256 == hashlib.sha256(data).hexdigest()
    assert received.found[0].record.components[0].name == "caffeine"


def test_a_half_written_file_is_waited_for(station, export):
    whole = export("a.csv").read_bytes()
    with watched(station) as one:
        for end in range(0, len(whole), len(whole) // 7):
            export("a.csv", whole[: end + 1])
            polls(one, 2)
        assert files(station.told) == []
        export("a.csv", whole)
        polls(one, 4)
    (received,) = files(station.told)
    assert received.found[0].record.outcome == "match"


def test_a_file_that_goes_on_after_a_pause_is_identified_again_and_said(station, export, tmp_path):
    whole = export("a.csv").read_bytes()
    export("a.csv", whole[: len(whole) // 2])
    with watched(station) as one:
        polls(one, 4)
        export("a.csv", whole)
        polls(one, 4)
    assert [one["outcome"] for one in rows(tmp_path / "results.jsonl")] == ["refused", "match"]
    assert "changed" in notes(station.told)


def test_the_same_bytes_under_another_name_are_said_kept_and_not_identified_again(
    station, export, tmp_path
):
    first = export("a.csv")
    second = export("b.csv")
    with watched(station) as one:
        polls(one, 6)
    one, other = files(station.told)
    assert (one.duplicate_of, len(one.found)) == ("", 1)
    assert (other.duplicate_of, other.found, other.file) == (str(first), (), str(second))
    assert notes(station.told) == []
    assert len(rows(tmp_path / "results.jsonl")) == 1
    names = [receipt.name for receipt in station.identifier.evidence.received().receipts]
    assert names == [str(first), str(second)]


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_a_restart_goes_on(station, export, ending, tmp_path):
    out = f"r{ending}"
    export("a.csv")
    with watched(station, out) as one:
        polls(one, 4)
    export("b.csv", substance="urea")
    with watched(station, out) as one:
        polls(one, 6)
    assert [received.file[-5:] for received in files(station.told)] == ["a.csv", "b.csv"]
    lines = (tmp_path / out).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 + (ending == ".csv")


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_a_crash_before_anything_was_remembered_repeats_no_row_and_mends_a_torn_one(
    station, export, ending, tmp_path
):
    out = tmp_path / f"r{ending}"
    export("a.csv")
    export("b.csv", substance="urea")
    with watched(station, out.name) as one:
        polls(one, 4)
    whole = out.read_bytes()
    Remembered(station.folder).path.unlink()
    for keep in (len(whole), len(whole) - 7, len(whole) - 1, 9, 0):
        out.write_bytes(whole[:keep])
        with watched(station, out.name) as one:
            polls(one, 4)
        Remembered(station.folder).path.unlink()
        assert len(out.read_bytes().splitlines()) == len(whole.splitlines())
        ResultsFile(out)  # every row is whole


def test_removed_and_put_back(station, export, folder, tmp_path):
    export("a.csv")
    with watched(station) as one:
        polls(one, 2)
        folder.rename(tmp_path / "away")
        polls(one, 5)
        assert notes(station.told) == ["folder_gone"]
        assert files(station.told) == []
        (tmp_path / "away").rename(folder)
        polls(one, 4)
        assert notes(station.told) == ["folder_gone", "folder_back"]
        assert len(files(station.told)) == 1
    said = station.told[0]
    assert "No such file" in said.words
    assert "goes on by itself" in said.words


def test_refused_files_are_rows_and_evidence_too(station, export, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "SETTINGS", replace(watching.SETTINGS, most_bytes=20_000))
    export("a.txt", "no spectrum\n")
    export("big.csv", "1 2\n" * 9_000)
    (folder / "link.csv").symlink_to("a.txt")
    with watched(station) as one:
        polls(one, 5)
    with watched(station) as one:  # what cannot be taken is said again, its row is there
        polls(one, 5)
    found = {row["file"].rpartition("/")[2]: row for row in rows(tmp_path / "results.jsonl")}
    assert len(rows(tmp_path / "results.jsonl")) == 3
    assert {name: row["outcome"] for name, row in found.items()} == dict.fromkeys(
        ("a.txt", "big.csv", "link.csv"), "refused"
    )
    digest = hashlib.sha256(b"no spectrum\n").hexdigest()
    assert [row["sha256"] for row in found.values()].count("") == 2
    assert station.identifier.evidence.get(digest) == b"no spectrum\n"
    assert "larger than the limit (36000 bytes)" in found["big.csv"]["error"]


def test_a_file_that_the_program_cannot_stand_does_not_end_the_rest(station, export, monkeypatch):
    export("a.csv")
    export("b.csv", substance="urea")
    identify = watching.identify_bytes

    def stumble(data, origin, *arguments, **more):
        if origin.file.endswith("a.csv"):
            raise ZeroDivisionError("in a reader")
        return identify(data, origin, *arguments, **more)

    monkeypatch.setattr(watching, "identify_bytes", stumble)
    with watched(station) as one:
        polls(one, 4)
    first, second = (received.found[0].record for received in files(station.told))
    assert first.outcome == "refused"
    assert "ZeroDivisionError: in a reader" in first.error
    assert second.outcome == "match"


# --- What cannot be written ----------------------------------------------------------------------


@pytest.fixture
def full(monkeypatch):
    """Return a switch that fills the disk for files whose path holds a word."""
    state = {"word": ""}
    real = durable._write_all

    def write(handle, data):
        where = str(Path(f"/proc/self/fd/{handle}").readlink())
        if state["word"] and state["word"] in where:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle, data)

    monkeypatch.setattr(durable, "_write_all", write)
    return lambda word: state.update(word=word)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for names")
@pytest.mark.parametrize("where", ["results.jsonl", "evidence"])
def test_a_full_disk_is_said_once_and_nothing_is_lost(station, export, full, where, time):
    for name in ("a", "b", "c"):
        export(f"{name}.csv", substance="urea", seed=ord(name))
    full(where)
    seen = 0

    def stop():
        nonlocal seen
        seen += 1
        if time.now_s > 60:
            full("")
        return time.now_s > 120

    watch([place_of(station.folder)], station(), should_stop=stop)
    assert notes(station.told) == ["trouble", "trouble"]
    first, second = (what.words for what in station.told if isinstance(what, Said))
    assert "No space left on device" in first
    assert "free some space" in first
    assert "tried again" in first
    assert second == "it works again"
    assert [received.file[-5] for received in files(station.told)] == ["a", "b", "c"]
    assert len(rows(station.folder.parent / "results.jsonl")) == 3
    assert len(station.identifier.evidence.received().receipts) == 3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for names")
def test_stopped_with_a_full_disk_it_goes_on_after_a_restart(station, export, full, tmp_path):
    for name in ("a", "b"):
        export(f"{name}.csv", substance="urea", seed=ord(name))
    full("results.jsonl")
    with pytest.raises(BatchError, match="No space left"):
        watch([place_of(station.folder)], station(), once=True)
    assert files(station.told) == []
    full("")
    assert watch([place_of(station.folder)], station(), once=True)
    assert [received.file[-5] for received in files(station.told)] == ["a", "b"]
    assert len(rows(tmp_path / "results.jsonl")) == 2


def test_what_was_taken_cannot_be_remembered(station, export):
    export("a.csv")

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch, watched(station) as one:
        patch.setattr(watched_folders, "replace_whole", refuse)
        polls(one, 2)
        with pytest.raises(WatchError, match=r"cannot be written .No space.*free some space"):
            one.poll()
        patch.undo()
        one.poll()
    assert len(files(station.told)) == 1
    with watched(station) as one:
        polls(one, 4)
    assert len(files(station.told)) == 1


def test_a_damaged_memory_is_not_started_over(station, folder):
    Remembered(folder).path.write_text("{}", encoding="utf-8")
    with pytest.raises(WatchError, match=r"damaged.*restore it"), watched(station):
        pass


# --- Where, by whom, with which profile ----------------------------------------------------------


def test_one_folder_is_watched_by_one_program(station):
    with watched(station), pytest.raises(WatchError, match="another program"), watched(station):
        pass
    with watched(station):
        pass


def test_the_programs_own_files_do_not_lie_in_the_folder(station, folder, tmp_path):
    means = replace(station(None), out=ResultsFile(folder / "r.csv"))
    with pytest.raises(WatchError, match="choose another place"), opened(place_of(folder), means):
        pass
    place = place_of(tmp_path)
    with pytest.raises(WatchError, match="choose another place"), opened(place, station(None)):
        pass


TEXT = "Handheld export;7\nx;y\n" + "".join(
    f"{500 + n},5;{100 + (n % 37) ** 2},0\n" for n in range(900)
)
PROFILE = Profile("Handheld", "cm-1", "Handheld export", "semicolon", ",", laser_nm=785.0, skip=2)


def test_the_profile_of_the_folder_reads_its_texts(station, export, folder):
    export("a.txt", TEXT)
    with watched(station) as one:
        polls(one, 3)
    with watched(station, place=place_of(folder, profile=PROFILE)) as one:
        export("b.txt", TEXT.replace("500,5", "500,4"))
        polls(one, 4)
    first, second = (received.found[0] for received in files(station.told))
    assert "import profile 'Handheld'" not in " ".join(first.record.assumptions)
    assert "import profile 'Handheld'" in " ".join(second.record.assumptions)
    assert second.query.laser_nm == 785.0
    kinds = [receipt.kind for receipt in station.identifier.evidence.received().receipts]
    assert kinds == ["imported file", "import profile", "imported file"]


def test_the_stations_profiles_are_asked_too_and_the_folders_own_wins(station, export, tmp_path):
    from spectra_app.services.guided import add_profile

    path = tmp_path / "p.json"
    path.write_text(to_json(replace(PROFILE, name="station")), encoding="utf-8")
    add_profile(path)
    export("a.txt", TEXT)
    with watched(station) as one:
        polls(one, 3)
    with watched(station, place=place_of(station.folder, profile=PROFILE)) as one:
        export("b.txt", TEXT.replace("500,5", "500,4"))
        polls(one, 4)
    said = [" ".join(received.found[0].record.assumptions) for received in files(station.told)]
    assert "import profile 'station'" in said[0]
    assert "import profile 'Handheld'" in said[1]


def test_a_profile_that_recognises_nothing_is_refused(folder):
    with pytest.raises(WatchError, match="first line"):
        place_of(folder, profile=replace(PROFILE, first_line=""))


def test_the_folders_of_a_station_are_kept(folder, tmp_path):
    other = tmp_path / "share"
    watched_folders.keep_place(place_of(folder, "Handheld 3", PROFILE))
    watched_folders.keep_place(place_of(other))
    assert [one.folder for one in watched_folders.watched_places()] == [folder, other]
    assert watched_folders.watched_places()[0].profile == PROFILE
    watched_folders.keep_place(place_of(folder, "Handheld 4"))
    assert [one.instrument for one in watched_folders.watched_places()] == ["", "Handheld 4"]
    watched_folders.forget_place(other)
    with pytest.raises(WatchError, match=r"kept are: .*card"):
        watched_folders.forget_place(other)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"folders": [{"folder": "/a"}]}', '{"folders": [{}]}', "{", '{"folders": 1}'],
)
def test_a_damaged_setting_is_said(spectra_home, text):
    (spectra_home / "watched").mkdir()
    (spectra_home / "watched" / "folders.json").write_text(text, encoding="utf-8")
    with pytest.raises(WatchError, match="restore the file"):
        watched_folders.watched_places()


def test_a_damaged_profile_of_the_station_is_said_before_any_file_is_taken(
    station, export, spectra_home
):
    export("a.csv")
    (spectra_home / "import-profiles").mkdir()
    (spectra_home / "import-profiles" / "p.json").write_text("{", encoding="utf-8")
    with pytest.raises(ProfileError), watched(station):
        pass


# --- The whole use case --------------------------------------------------------------------------


def test_several_folders_once(station, export, folder, tmp_path, scan_text):
    export("a.csv")
    other = tmp_path / "share"
    other.mkdir()
    (other / "u.csv").write_text(scan_text("urea"), encoding="utf-8")
    (other / "empty.csv").touch()
    assert watch([place_of(folder, "A"), place_of(other, "B")], station(), once=True)
    names = {received.place.instrument: received.file for received in files(station.told)}
    assert names == {"A": str(folder / "a.csv"), "B": str(other / "u.csv")}
    assert notes(station.told) == ["empty"]
    assert rows(tmp_path / "results.jsonl")[-1]["reasons"] == ["empty_file"]


def test_once_with_a_folder_that_is_not_there(station, export, tmp_path):
    export("a.csv")
    places = [place_of(tmp_path / "nothing"), place_of(station.folder)]
    with pytest.raises(WatchError, match="cannot be reached"):
        watch(places, station(), once=True)
    assert len(files(station.told)) == 1


def test_once_does_not_wait_for_ever(station, export, time):
    path = export("log.csv")

    def grow(seconds):
        time.step(seconds)
        with path.open("ab") as file:
            file.write(b"x")

    means = replace(station(), timing=replace(time.timing(), sleep=grow))
    with pytest.raises(WatchError, match=r"still being written after 10 minutes: log.csv"):
        watch([place_of(station.folder)], means, once=True)
    assert 600 < time.now_s < 700


def test_a_month_of_looking_tells_nothing_twice(station, export, time):
    export("a.csv")
    export("empty.csv", b"")
    watch(
        [place_of(station.folder)],
        replace(station(), timing=replace(time.timing(), sleep=lambda s: time.step(s * 500))),
        every_s=900.0,
        should_stop=lambda: time.now_s > 30 * 86_400,
    )
    assert len(station.told) == 2


def test_an_error_of_who_is_told_is_not_swallowed(station, export):
    export("a.csv")

    def gone(_what):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        watch([place_of(station.folder)], replace(station(), tell=gone))
    watch([place_of(station.folder)], station(), once=True)
    assert len(files(station.told)) == 1


def test_every_error_says_what_to_do(station):
    assert issubclass(WatchError, SpectraError)
    with pytest.raises(BatchError, match="end the name"):
        station("r.txt")


# --- spectra devices watch -----------------------------------------------------------------------


@pytest.fixture
def look(spectra, small_library, folder):
    """Return a function that runs `spectra devices watch FOLDER --once`."""

    def run(*arguments, at=folder):
        return spectra(
            *("devices", "watch", at, "--library", small_library, "--once", "--every", "0.05"),
            *arguments,
        )

    return run


def test_the_command_identifies_what_lies_there(look, export, tmp_path):
    export("a.csv")
    export("b.csv")
    export("n.txt", "nothing\n")
    out = tmp_path / "r.jsonl"
    code, said, err = look("--out", out, "--instrument", "Handheld 3")
    assert (code, err) == (0, "")
    assert "Outcome: Match" in said
    assert "Taken for a scan of Handheld 3" in said
    assert "b.csv: the same bytes as" in said
    assert "REFUSED" in said
    assert (
        f"3 files came (1 with bytes that came before): match 1, refused 1; written to {out}"
        in (said)
    )
    assert [row["outcome"] for row in rows(out)] == ["match", "refused"]
    code, said, _ = look("--out", out)
    assert (code, said) == (0, f"0 files came: nothing to identify; written to {out}\n")


def test_the_command_takes_files_again_when_asked(look, export, tmp_path):
    export("a.csv")
    assert look()[1].endswith("1 file came: match 1\n")
    out = tmp_path / "r.csv"
    assert look("--out", out)[1].startswith("0 files came")
    assert "1 file came: match 1" in look("--out", out, "--again")[1]
    assert "1 file came: match 1" in look("--out", out, "--again")[1]
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2
    assert look("--out", out)[1].startswith("0 files came")


def test_the_command_speaks_json(look, export):
    export("a.csv")
    export("b.csv")
    code, said, err = look("--json")
    first, second = (json.loads(line) for line in said.splitlines())
    assert (code, err) == (0, "")
    assert first["outcome"] == "match"
    assert second["note"] == "duplicate"
    assert second["sha256"] == first["sha256"]


def test_the_command_says_when_the_folder_cannot_be_read(look, tmp_path):
    code, _, err = look(at=tmp_path / "nothing")
    assert code == 3
    assert "cannot be reached" in err
    assert err.count("\n") == 1


def test_the_command_keeps_folders_and_watches_those_kept(spectra, small_library, export, tmp_path):
    path = export("a.txt", TEXT)
    code, _, err = spectra("devices", "watch")
    assert code == 3
    assert "no folder is kept" in err
    profile = tmp_path / "p.json"
    profile.write_text(to_json(PROFILE), encoding="utf-8")
    code, said, _ = spectra(
        "devices", "watch", path.parent, "--keep", "--instrument", "H", "--profile", profile
    )
    assert (code, said) == (0, f"{path.parent}  H\n")
    code, said, _ = spectra(
        "devices", "watch", "--library", small_library, "--once", "--every", "0.05", "--json"
    )
    (record,) = (json.loads(line) for line in said.splitlines())
    assert code == 0
    assert "import profile 'Handheld'" in " ".join(record["assumptions"])
    assert spectra("devices", "watch", path.parent, "--forget")[:2] == (0, "")
    assert spectra("devices", "watch", "--keep")[0] == 3


def test_bad_arguments_are_two(spectra, folder):
    assert spectra("devices", "watch", folder, "--every", "0")[0] == 2
    assert spectra("devices", "watch", folder, "--out", "r.txt")[0] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to a child there")
@pytest.mark.parametrize("request_", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_politely(small_library, export, request_, tmp_path):
    path, out = export("a.csv"), tmp_path / "r.csv"
    command = [sys.executable, "-m", "spectra_app.app", "devices", "watch", str(path.parent)]
    process = subprocess.Popen(
        [*command, "--library", str(small_library), "--every", "0.05", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )
    try:
        assert process.stdout.readline() == f"{path}\n"
        process.send_signal(request_)
        said, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert said.endswith(f"1 file came: match 1; written to {out}\n")
    assert err == f"watching {path.parent} (Ctrl-C ends it)\n"
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2


def test_the_folder_may_go_while_it_is_looked_at(look, folder):
    shutil.rmtree(folder)
    code, said, err = look("--json")
    assert code == 3
    assert json.loads(said)["note"] == "folder_gone"
    assert err.startswith("spectra: ")
