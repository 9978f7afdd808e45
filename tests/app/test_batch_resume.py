"""Batches: one line per scan in input order, and the same bytes however often it was cut off."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from contextlib import chdir
from pathlib import Path

import pytest

from library.cells import text_of
from spectra_app.services import identify
from spectra_app.services.batch import BatchError, run_batch
from spectra_app.services.recheck import past_results
from spectra_app.services.session import open_identifier

TIMING = re.compile(rb'"timing_ms": \{[^}]*\}')


def timeless(data: bytes) -> bytes:
    """Results without the times, which are outside the record."""
    return TIMING.sub(b"", data)


@pytest.fixture(scope="module", autouse=True)
def examined_once():
    """Search for each scan once only: these tests repeat batches, and what is found is the same."""
    real, known = identify.examine, {}

    def examine(spectrum, engine, **more):
        key = (spectrum.content_hash, engine.library.info.sha256, tuple(more.items()))
        if key not in known:
            known[key] = real(spectrum, engine, **more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identify, "examine", examine)
        yield


@pytest.fixture
def identifier(small_library, tmp_path):
    return open_identifier(small_library, evidence=tmp_path / "evidence")


@pytest.fixture
def folder(tmp_path, scan_text, session_text):
    """Return a folder with sound scans, a session, a refused file, and awkward names."""
    made = tmp_path / "seizures"
    made.mkdir()
    (made / "a-caffeine.csv").write_text(scan_text("caffeine"), encoding="utf-8")
    (made / "b-broken.csv").write_bytes(b"not a spectrum\n")
    names = ["urea", "caffeine", "urea"]
    (made / "c-session.csv").write_text(session_text(names), encoding="utf-8")
    awkward = 'd,"β\u2028\u0085 كوك.txt'
    (made / awkward).write_text(scan_text("lactose"), encoding="utf-8")
    (made / "e-empty.txt").write_bytes(b"")
    (made / "f-sucrose.csv").write_text(scan_text("sucrose"), encoding="utf-8")
    (made / "notes.pdf").write_bytes(b"%PDF-")
    return made


def whole(folder, out, identifier):
    result = run_batch(folder, out, identifier)
    return result, out.read_bytes()


ORDER = ["a-caffeine", "b-broken", "c-session", "c-session", "c-session", "d,", "e-empty", "f-suc"]


def test_one_line_per_scan_in_input_order_past_bad_files(folder, identifier, tmp_path):
    result, data = whole(folder, tmp_path / "out.jsonl", identifier)
    records = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    for record, start in zip(records, ORDER, strict=True):
        assert Path(record["file"]).name.startswith(start)
    outcomes = [record["outcome"] for record in records]
    assert [i for i, outcome in enumerate(outcomes) if outcome == "refused"] == [1, 6]
    assert [r["spectrum"] for r in records[2:5]] == ["urea#1", "caffeine", "urea#2"]
    assert result.inputs == 6
    assert result.earlier == 0
    assert dict(result.outcomes)["refused"] == 2
    assert sum(dict(result.outcomes).values()) == 8


def test_csv_and_json_lines_tell_the_same(folder, identifier, tmp_path):
    _, lines = whole(folder, tmp_path / "out.jsonl", identifier)
    _, table = whole(folder, tmp_path / "out.csv", identifier)
    records = [json.loads(line) for line in lines.decode().split("\n")[:-1]]
    rows = list(csv.DictReader(table.decode().split("\n")))
    for record, row in zip(records, rows, strict=True):
        assert row["file"] == record["file"]
        assert row["outcome"] == record["outcome"]
        assert row["spectrum"] == (record["spectrum"] or "")
        assert row["names"] == " + ".join(c["name"] for c in record["components"])
        assert row["sha256"] == record["sha256"]
        assert row["error"] == (record["error"] or "")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_cut_off_at_any_byte_it_ends_with_the_same_bytes(folder, identifier, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    _, complete = whole(folder, out, identifier)
    ends = [at + 1 for at, byte in enumerate(complete) if byte == 0x0A]
    spread = range(0, len(complete), len(complete) // 6 + 1)
    cuts = {
        0,
        1,
        5,
        len(complete) - 1,
        len(complete),
        *ends[::2],
        *(e - 1 for e in ends[1::2]),
        *spread,
    }
    awkward = complete.index("β".encode())
    cuts |= set(range(awkward + 1, awkward + 4))  # within letters of several bytes
    for cut in sorted(cuts):
        out.write_bytes(complete[:cut])
        run_batch(folder, out, identifier)
        assert timeless(out.read_bytes()) == timeless(complete), cut


def test_what_is_done_is_not_done_again(folder, identifier, tmp_path):
    out = tmp_path / "out.jsonl"
    whole(folder, out, identifier)
    seen = []
    result = run_batch(folder, out, identifier, progress=lambda _share, name: seen.append(name))
    assert result.earlier == 5
    assert seen == ["f-sucrose.csv", "done"]


@pytest.mark.skipif(sys.platform == "win32", reason="no line break in file names there")
def test_a_file_name_with_a_line_break_is_resumed_too(folder, identifier, tmp_path, scan_text):
    (folder / "g\nurea.csv").write_text(scan_text("urea"), encoding="utf-8")
    (folder / "h.csv").write_text(scan_text("urea"), encoding="utf-8")
    for suffix in (".csv", ".jsonl"):
        out = tmp_path / f"out{suffix}"
        _, complete = whole(folder, out, identifier)
        place = complete.rindex(b"urea.csv")
        for cut in (place - 3, place - 1, place, place + 4, len(complete) - 5):
            out.write_bytes(complete[:cut])
            run_batch(folder, out, identifier)
            assert timeless(out.read_bytes()) == timeless(complete), (suffix, cut)


def test_results_inside_the_folder_are_no_input(folder, identifier):
    for name in ("results.csv", "0.csv"):
        out = folder / name
        first, complete = whole(folder, out, identifier)
        again = run_batch(folder, out, identifier)
        assert first.inputs == again.inputs == 6
        assert out.read_bytes() == complete
        out.unlink()


def test_a_manifest_chooses_spectra_and_keeps_its_order(folder, identifier, tmp_path):
    manifest = folder / "list.csv"
    manifest.write_text(
        "file,spectrum\nf-sucrose.csv,\nc-session.csv,urea#2\nabsent.csv,\nc-session.csv,caffeine\n",
        encoding="utf-8",
    )
    out = tmp_path / "out.jsonl"
    result, complete = whole(manifest, out, identifier)
    records = [json.loads(line) for line in complete.splitlines()]
    assert [r["spectrum"] for r in records] == [None, "urea#2", None, "caffeine"]
    assert [r["outcome"] == "refused" for r in records] == [False, False, True, False]
    assert result.inputs == 4
    for cut in range(0, len(complete), 1500):
        out.write_bytes(complete[:cut])
        run_batch(manifest, out, identifier)
        assert timeless(out.read_bytes()) == timeless(complete)


def test_a_file_listed_twice_is_resumed(folder, identifier, tmp_path):
    manifest = folder / "list.csv"
    rows = ["f-sucrose.csv", "f-sucrose.csv", "c-session.csv", "c-session.csv", "a-caffeine.csv"]
    manifest.write_text("file\n" + "\n".join(rows) + "\n", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    _, complete = whole(manifest, out, identifier)
    assert complete.count(b"\n") == 9
    ends = [at + 1 for at, byte in enumerate(complete) if byte == 0x0A]
    for cut in ends[1::2]:
        out.write_bytes(complete[:cut])
        run_batch(manifest, out, identifier)
        assert timeless(out.read_bytes()) == timeless(complete), cut


FOREIGN = {
    "text": b"minutes of the meeting",
    "text with line": b"minutes of the meeting\n",
    "table": b"name,score\nacetone,3\n",
    "header only": b"name,score\n",
    "json": b'{"a": 1}\n',
    "json torn": b'{"name": "x", "val',
    "list": b"[1, 2]\n",
    "number": b"17\n",
    "binary": bytes(range(256)),
    "not UTF-8": b"\xff\xfe\n\x00",
}


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize("data", FOREIGN.values(), ids=list(FOREIGN))
def test_a_file_that_is_not_ours_is_never_overwritten(folder, identifier, tmp_path, data, suffix):
    out = tmp_path / f"out{suffix}"
    out.write_bytes(data)
    with pytest.raises(BatchError, match="nothing was overwritten") as caught:
        run_batch(folder, out, identifier)
    assert caught.value.remedy
    assert out.read_bytes() == data


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.usefixtures("used_home")
def test_results_of_other_inputs_or_another_library_are_kept(
    folder, identifier, tmp_path, suffix, scan_text
):
    out = tmp_path / f"out{suffix}"
    _, complete = whole(folder, out, identifier)
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.csv").write_text(scan_text("urea"), encoding="utf-8")
    with pytest.raises(BatchError, match="other inputs"):
        run_batch(other, out, identifier)
    with pytest.raises(BatchError, match="another library"):
        run_batch(folder, out, open_identifier(None, evidence=tmp_path / "evidence"))
    assert out.read_bytes() == complete


def test_an_input_that_appears_before_those_done_is_not_mixed_in(
    folder, identifier, tmp_path, scan_text
):
    out = tmp_path / "out.jsonl"
    _, complete = whole(folder, out, identifier)
    (folder / "aa.csv").write_text(scan_text("urea"), encoding="utf-8")
    with pytest.raises(BatchError):
        run_batch(folder, out, identifier)
    assert out.read_bytes() == complete


def test_nothing_to_identify_and_an_unknown_kind_of_results_are_refused(identifier, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BatchError, match="no scan"):
        run_batch(empty, tmp_path / "out.jsonl", identifier)
    with pytest.raises(BatchError, match=r"\.jsonl or \.csv"):
        run_batch(empty, tmp_path / "out.xlsx", identifier)
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named(folder, identifier, tmp_path):
    out = tmp_path / "out.jsonl"
    out.symlink_to("/dev/full")
    with pytest.raises(BatchError, match="cannot be written"):
        run_batch(folder, out, identifier)


def test_the_command_exits_with_nought_past_refused_files(spectra, folder, small_library, tmp_path):
    out = tmp_path / "out.jsonl"
    code, told, err = spectra("batch", folder, "--library", small_library, "--out", out)
    assert (code, err) == (0, "")
    assert "6 inputs" in told
    assert "refused 2" in told
    assert out.read_bytes().count(b"\n") == 8


@pytest.mark.parametrize("name", ["absent/out.jsonl", "folder.csv"])
def test_results_that_cannot_be_written_are_told_in_one_sentence(
    spectra, folder, small_library, tmp_path, name
):
    (tmp_path / "folder.csv").mkdir()
    out = tmp_path / name
    code, _, err = spectra("batch", folder, "--library", small_library, "--out", out)
    assert code == 3
    assert err.startswith("spectra: ")
    assert err.count("\n") == 1
    assert str(out) in err


@pytest.mark.skipif(sys.platform == "win32", reason="names that Windows does not allow")
def test_names_that_a_spreadsheet_would_compute_are_texts_and_read_back(
    identifier, tmp_path, scan_text
):
    names = ["=1+1.csv", "'=a.csv", "'b.csv", "@c\n.csv", "\u202e=d.csv", "-e.csv", "\t=f.csv"]
    for name in names:
        (tmp_path / name).write_text(scan_text("urea"), encoding="utf-8")
    rows = [{"file": name} for name in names]
    manifest = tmp_path / "manifest.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["file"])
        writer.writeheader()
        writer.writerows(rows)
    # the folder of the manifest stands before each name: leave it out, as a user in it does
    inside = tmp_path / "out.csv"
    with chdir(tmp_path):
        run_batch(Path("manifest.csv"), inside, identifier)
        first = inside.read_bytes()
        with inside.open(encoding="utf-8", newline="") as file:
            cells = [row["file"] for row in csv.DictReader(file)]
        assert not [text for text in cells if text.lstrip("\t\u202e")[0] in "=+-@"]
        shown = ["=1+1.csv", "'=a.csv", "'b.csv", "@c\n.csv", "\u202e=d.csv", "-e.csv", "=f.csv"]
        assert [text_of(text) for text in cells] == shown
        inside.write_bytes(first[:-30])
        run_batch(Path("manifest.csv"), inside, identifier)
        assert inside.read_bytes() == first
        past = [found.file for found in past_results(inside)]
        assert past == shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes of this kind")
def test_a_pipe_in_the_place_of_the_results_is_refused_and_not_waited_for(folder, identifier):
    pipe = folder / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(BatchError, match="not a file"):
        run_batch(folder, pipe, identifier)
