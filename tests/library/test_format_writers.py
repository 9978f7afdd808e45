"""Writers: what is written comes back to the last bit, and others can read it."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library.errors import AmbiguousAxisError, ExportError, NotRamanError, PartialFileError
from library.formats import READERS, read_bytes, read_traces
from library.formats.exported import CHANGED, NOT_TAKEN, Origin, axis_of
from library.formats.records import Trace
from library.formats.writing import WRITERS, write_export
from matching.errors import SpectraError
from matching.spectrum import Acquisition, Step

ORIGIN = Origin("scan 1 #µ.spc", "ab" * 32, "Galactic SPC", "Spectra 0.1", ("Assumed $$ this.",))
ALL = sorted(WRITERS)


def make(n=40, **changes):
    rng = np.random.default_rng(5)
    shift = 200.0 + np.cumsum(rng.uniform(1.0, 3.0, n))
    given = {
        "intensity": rng.normal(0.0, 1e4, n),
        "shift_cm1": shift,
        "intensity_unit": "counts, raw",
        "name": "Überprobe ##1 $$ “a”",
        "laser_nm": 784.48,
        "acquisition": Acquisition(500.0, 3, "45 mW", -10.0, "i-Raman", "W#1", "CCD", "today"),
        "history": (Step("dark subtracted", (("column", "Raw"), ("dark", "$$ ##"))), Step("cut")),
        "metadata": (("a", "1"), ("a", "2"), ("##b=", " x\n$$ y  "), ("emoji", "\u2603\ud83d")),
        "marks": frozenset({"resampled"}),
    }
    return Trace(**(given | changes))


def back(traces, to, **options):
    return read_traces(WRITERS[to](traces, ORIGIN), where="again", **options)


def assert_same(written, found):
    what, x, unit = axis_of(written)
    kind, values, stated = axis_of(found)
    assert (kind, stated) == (what, unit)
    assert values.tobytes() == x.tobytes()
    assert np.array_equal(found.intensity, written.intensity, equal_nan=True)
    fields = ("name", "kind", "laser_nm", "technique", "acquisition", "history", "marks")
    for field in (*fields, "intensity_unit"):
        assert getattr(found, field) == getattr(written, field), field
    assert found.metadata[: len(written.metadata)] == written.metadata
    assert dict(found.metadata)["source SHA-256"] == ORIGIN.sha256


@pytest.mark.parametrize("to", ALL)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"shift_cm1": np.linspace(4000.5, 100.25, 40)},  # even, descending
        {"shift_cm1": None, "wavelength_nm": np.linspace(800.0, 900.0, 40)},
        {"shift_cm1": None, "other_axis": np.arange(40.0)[::-1], "other_unit": "1/CM"},
        {"shift_cm1": None, "other_axis": np.arange(40.0), "other_unit": ""},
        {"kind": "INFRARED SPECTRUM", "shift_cm1": None, "other_axis": np.arange(40.0)},
        {"kind": "RAMAN SPECTRUM, as a table of peaks"},
        {"kind": "Raman interferogram"},
        {"technique": "SERS", "laser_nm": None, "name": None, "acquisition": Acquisition()},
        {"marks": frozenset({"truncated", "missing values"}), "intensity": [*[np.nan] * 39, 1.0]},
        {"intensity": np.full(40, np.nan), "marks": frozenset({"missing values"})},
        {"metadata": (), "history": (), "intensity_unit": ""},
    ],
)
def test_everything_comes_back(to, changes):
    if "intensity" in changes:
        changes = {**changes, "intensity": np.array(changes["intensity"])}
    trace = make(**changes)
    found = back([trace], to)
    assert len(found.traces) == 1
    assert_same(trace, found.traces[0])
    assert ORIGIN.notes[0] in found.assumptions


finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


@settings(max_examples=15)
@given(
    pairs=st.lists(st.tuples(finite, finite | st.just(float("nan"))), min_size=1, max_size=40),
    texts=st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=4),
    to=st.sampled_from(ALL),
)
def test_any_values_and_texts_come_back(pairs, texts, to):
    x, y = np.array(pairs, dtype=float).T
    marks = frozenset({"missing values"} if np.isnan(y).any() else ())
    trace = make(
        shift_cm1=None, wavelength_nm=x, intensity=y, marks=marks, metadata=tuple(texts), kind="k"
    )
    assert_same(trace, back([trace], to).traces[0])


@pytest.mark.parametrize("to", ALL)
def test_the_same_curves_give_the_same_bytes(to):
    assert WRITERS[to]([make()], ORIGIN) == WRITERS[to]([make()], ORIGIN)


@pytest.mark.parametrize("to", ["jdx", "nxs"])
def test_several_curves_keep_their_order_and_names(to):
    traces = [make(name=f"{k % 3}", n=20 + k) for k in range(12)]
    found = back(traces, to).traces
    assert [trace.name for trace in found] == [trace.name for trace in traces]
    for written, read in zip(traces, found, strict=True):
        assert_same(written, read)


def test_csv_holds_one_curve():
    with pytest.raises(ExportError, match=r"one curve, 2.*--spectrum"):
        WRITERS["csv"]([make(), make()], ORIGIN)


@pytest.mark.parametrize("to", ALL)
def test_what_was_exported_is_read_as_before(to):
    data = WRITERS[to]([make()], ORIGIN)
    spectrum = read_bytes(data, where="again").spectra[0].spectrum
    assert spectrum.laser_nm == 784.48
    assert spectrum.history[-1].name == "resampled by the exporting program"
    cut = WRITERS[to]([make(marks=frozenset({"truncated"}))], ORIGIN)
    with pytest.raises(PartialFileError):
        read_bytes(cut, where="again")
    infrared = make(kind="infrared", shift_cm1=None, other_axis=np.arange(40.0), other_unit="1/cm")
    with pytest.raises(NotRamanError):
        read_bytes(WRITERS[to]([infrared], ORIGIN), where="again")
    unknown = make(shift_cm1=None, other_axis=np.arange(40.0), other_unit="1/cm")
    with pytest.raises(AmbiguousAxisError):
        read_bytes(WRITERS[to]([unknown], ORIGIN), where="again")


# --- Read by others ------------------------------------------------------------------------------


def test_csv_is_read_by_numpy_and_by_the_csv_module():
    trace = make()
    text = WRITERS["csv"]([trace], ORIGIN).decode("utf-8")
    head = sum(1 for line in text.splitlines() if line.startswith("#"))
    table = np.loadtxt(io.StringIO(text), delimiter=",", comments="#", skiprows=head + 1)
    assert np.array_equal(table, np.column_stack([trace.shift_cm1, trace.intensity]))
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    assert rows[0] == ["Raman shift (cm-1)", "Intensity (counts raw)"]
    assert [float(cell) for cell in rows[1]] == [trace.shift_cm1[0], trace.intensity[0]]
    assert f"# source SHA-256: {ORIGIN.sha256}" in text
    assert "# laser line: 784.48 nm" in text
    assert "# marks: resampled" in text


def plain_jcamp(text):
    """Read a JCAMP-DX block as an article describes it, with nothing of this program."""
    labels, rows, form = {}, [], ""
    for line in text.splitlines():
        line = line.split("$$")[0]  # noqa: PLW2901
        if line.startswith("##"):
            label, _, value = line[2:].partition("=")
            labels[label] = value.strip()
            form = value.strip() if label in {"XYDATA", "XYPOINTS"} else ""
        elif form:
            rows.append([float(cell) for cell in line.replace(",", " ").split()])
    if "XYPOINTS" in labels:
        return labels, np.array(rows)
    y = [value for row in rows for value in row[1:]]
    x = np.linspace(float(labels["FIRSTX"]), float(labels["LASTX"]), int(labels["NPOINTS"]))
    at = np.cumsum([0, *(len(row) - 1 for row in rows[:-1])])
    assert np.array_equal(x[at], [row[0] for row in rows])
    return labels, np.column_stack([x, y])


@pytest.mark.parametrize("even", [True, False])
def test_jcamp_is_read_by_a_reader_of_ten_lines(even):
    trace = make(shift_cm1=np.linspace(100.0, 2000.5, 40)) if even else make()
    text = WRITERS["jdx"]([trace], ORIGIN).decode("ascii")
    labels, table = plain_jcamp(text)
    assert ("XYDATA" in labels) == even
    assert np.array_equal(table, np.column_stack([trace.shift_cm1, trace.intensity]))
    assert labels["DATA TYPE"] == "RAMAN SPECTRUM"
    assert labels["XUNITS"] == "1/CM"
    assert labels["$LASER WAVELENGTH"] == "784.48 nm"
    assert labels["$SOURCE SHA-256"] == ORIGIN.sha256
    assert max(map(len, text.splitlines())) <= 90


def test_nexus_is_read_by_h5py_with_the_names_of_nxraman():
    trace = make(wavelength_nm=np.linspace(800.0, 900.0, 40))
    with h5py.File(io.BytesIO(WRITERS["nxs"]([trace], ORIGIN)), "r") as file:
        entry = file[file.attrs["default"]]
        assert entry["definition"].asstr()[()] == "NXraman"
        assert entry["experiment_type"].asstr()[()] == "Raman spectroscopy"
        beam = entry["instrument/beam_incident"]
        assert beam["wavelength"][()] == 784.48
        assert beam["wavelength"].attrs["units"] == "nm"
        data = entry[entry.attrs["default"]]
        axis = data[data.attrs["axes"]]
        assert np.array_equal(axis, trace.shift_cm1)
        assert axis.attrs["units"] == "1/cm"
        assert np.array_equal(data[data.attrs["signal"]], trace.intensity)
        assert np.array_equal(data["wavelength"], trace.wavelength_nm)
        assert entry["source_file/sha256"].asstr()[()] == ORIGIN.sha256
        assert entry["process/marks"].asstr()[()] == "resampled"
        record = json.loads(entry["spectra_export/record"].asstr()[()])
        assert record["source"]["file"] == ORIGIN.file
        kinds = {name: group.attrs.get("NX_class") for name, group in entry.items()}
        assert kinds["sample"] == "NXsample"
        assert kinds["instrument"] == "NXinstrument"


def test_nexus_keeps_both_axes():
    trace = make(wavelength_nm=np.linspace(800.0, 900.0, 40))
    found = back([trace], "nxs").traces[0]
    assert np.array_equal(found.wavelength_nm, trace.wavelength_nm)


def test_a_curve_that_is_not_raman_does_not_call_itself_nxraman():
    trace = make(kind="INFRARED SPECTRUM", shift_cm1=None, other_axis=np.arange(40.0))
    with h5py.File(io.BytesIO(WRITERS["nxs"]([trace], ORIGIN)), "r") as file:
        assert "definition" not in file["entry"]


# --- NXraman of others ---------------------------------------------------------------------------


@pytest.fixture
def nexus():
    """Return a builder of a small NXraman file, changed by a function, without our record."""

    def build(change=lambda _file: None):
        buffer = io.BytesIO(WRITERS["nxs"]([make(n=30)], ORIGIN))
        with h5py.File(buffer, "r+") as file:
            del file["entry/spectra_export"]
            change(file)
        return buffer.getvalue()

    return build


def test_nxraman_of_others_is_read(nexus):
    found = read_bytes(nexus(), where="other.nxs").spectra[0].spectrum
    assert np.array_equal(found.raman_shift_cm1, make(n=30).shift_cm1)
    assert found.laser_nm == 784.48


def _linked(file):
    del file["entry/data/intensity"]
    file["entry/data/intensity"] = h5py.ExternalLink("/etc/hostname", "/x")


def _outside(file):
    del file["entry/data/intensity"]
    file["entry/data"].create_dataset("intensity", (30,), "<f8", external="/etc/hostname")


def _huge(file):
    del file["entry/data/intensity"]
    options = {"chunks": (1 << 20,), "compression": "gzip", "fillvalue": 1.0}
    file["entry/data"].create_dataset("intensity", (1 << 40,), "<f8", **options)


def _map(file):
    del file["entry/data/intensity"]
    file["entry/data/intensity"] = np.zeros((4, 30))


def _short(file):
    del file["entry/data/raman_shift"]
    file["entry/data/raman_shift"] = np.arange(20.0)


def _pickled(file):
    del file["entry/data/intensity"]
    file["entry/data/intensity"] = np.zeros(30, dtype=[("a", "<f8")])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (_linked, "no array in the file itself"),
        (_outside, "no array in the file itself"),
        (_huge, "1,099,511,627,776 values"),
        (_map, "several spectra"),
        (_short, "20 values, the spectrum 30"),
        (_pickled, "no plain numbers"),
    ],
)
def test_arrays_that_are_not_a_spectrum_of_the_file_are_refused(nexus, change, match):
    with pytest.raises(SpectraError, match=match):
        read_traces(nexus(change), where="other.nxs")


def test_a_damaged_nexus_file_is_a_named_error():
    whole = WRITERS["nxs"]([make()], ORIGIN)
    for keep in range(2000, len(whole), 1999):
        with pytest.raises(SpectraError):
            read_traces(whole[:keep], where="cut.nxs")


# --- The record ----------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["jdx", "csv"])
def test_values_changed_after_the_export_are_noticed(to):
    lines = WRITERS[to]([make()], ORIGIN).decode("utf-8").split("\n")
    last = -3 if to == "jdx" else -2
    lines[last] = lines[last][:-1] + ("1" if lines[last][-1] != "1" else "2")
    assert CHANGED in read_traces("\n".join(lines).encode(), where="x").assumptions


def test_rows_lost_after_the_export_are_noticed():
    lines = WRITERS["csv"]([make()], ORIGIN).decode("utf-8").split("\n")
    found = read_traces("\n".join(lines[:-5]).encode() + b"\n", where="x")
    assert "truncated" in found.traces[0].marks
    assert any("40 points were exported; 36 are left" in note for note in found.assumptions)


@pytest.mark.parametrize(
    "record",
    ["", "{}", "[" * 5000, "null", '{"version":1}', '{"version":2}', "1" * 5000, '"\\u00"'],
)
def test_a_broken_record_leaves_the_values(record):
    lines = WRITERS["csv"]([make()], ORIGIN).decode("utf-8").split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("# record: "))
    lines[at] = f"# record: {record}"
    found = read_traces("\n".join(lines).encode(), where="x")
    assert found.assumptions == (NOT_TAKEN,)
    assert np.array_equal(found.traces[0].intensity, make().intensity)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("laser_nm", "many"),
        ("marks", ["wrong"]),
        ("technique", "X-ray"),
        ("acquisition", {"averages": "3"}),
        ("acquisition", {"nobody": 3}),
        ("history", [["a"]]),
        ("metadata", [["a", 1]]),
        ("axis", ["wavelength", "nm"]),
        ("name", 5),
    ],
)
def test_a_record_of_other_types_is_not_taken(key, value):
    lines = WRITERS["csv"]([make()], ORIGIN).decode("utf-8").split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("# record: "))
    record = json.loads(lines[at].removeprefix("# record: ")) | {key: value}
    lines[at] = "# record: " + json.dumps(record)
    assert read_traces("\n".join(lines).encode(), where="x").assumptions == (NOT_TAKEN,)


# --- On the disk ---------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ALL)
def test_only_an_earlier_export_is_replaced(tmp_path, to):
    target = tmp_path / f"out.{to}"
    write_export(target, to, [make()], ORIGIN)
    first = hashlib.sha256(target.read_bytes()).hexdigest()
    write_export(target, to, [make(n=50)], ORIGIN)
    assert hashlib.sha256(target.read_bytes()).hexdigest() != first
    for foreign in (b"##TITLE= mine\n##END=\n", b"x,y\n1,2\n", b"\x89HDF\r\n\x1a\n rest"):
        target.write_bytes(foreign)
        with pytest.raises(ExportError, match="no export of this program"):
            write_export(target, to, [make()], ORIGIN)
        assert target.read_bytes() == foreign
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_what_no_file_can_hold_is_refused(tmp_path):
    with pytest.raises(ExportError, match="infinite"):
        write_export(tmp_path / "o.csv", "csv", [make(intensity=np.full(40, np.inf))], ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_the_page_on_formats_names_every_reader(checkout):
    page = (checkout / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    named = {name.strip() for row in rows for name in row.split(",")}
    assert {reader.name for reader in READERS} - named == set()
