"""Every attack on a package is refused with a reason of its own, and changes nothing.

The attacks go through the same door as ``spectra library install`` and ``verify``: trust first,
then hashes, and only then the HDF5 file.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import h5py
import numpy as np
import pytest

from library import errors
from library.archive import (
    BLOCK,
    END,
    LIBRARY,
    LIMITS,
    MANIFEST,
    NOTES,
    SIGNATURES,
    header,
    looks_like_package,
    padding,
)
from library.entry import Entry, EntryRecord, entry_id
from library.errors import PackageError, TrustError
from library.package import Release, manifest_of, read_package, write_package
from library.seal import MAGIC, _structure_hash
from library.signing import Signed, canonical, new_key, open_key
from library.store import Library
from library.trust import Trust
from library.trust_store import save_trust
from library.trusted_keys import CONTROL_LIST, Revocation, TrustedKey, first_root, stamp
from library.writing import write_library
from matching.errors import SpectraError
from matching.pipeline import DEFAULT_PIPELINE
from matching.spectrum import Spectrum
from spectra_app.cli.main import INTEGRITY_CODES
from spectra_app.services.installing import checked, install
from spectra_app.services.station import Station

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = "correct horse battery staple"
PEOPLE = ("A. Chemist", "B. Supervisor", "C. Stranger")
ABOUT = Release("Example", "2026.11", 7, stamp(NOW), stamp(NOW + timedelta(days=90)), "0.1.0")
SHORT = int(os.environ.get("SPECTRA_FUZZ") or 0) < 10_000  # `make fuzz` has the long form


def reference(number, status="released"):
    rng = np.random.default_rng(number)
    axis = np.arange(300.0, 900.0, 4.0)
    y = rng.normal(100.0, 1.0, axis.size)
    for place in rng.uniform(350, 850, 5):
        y += rng.uniform(50, 900) * np.exp(-(((axis - place) / 8.0) ** 2))
    spectrum, name = Spectrum(axis, y, 785.0), f"made-up substance {number}"
    record = EntryRecord(
        entry_id(name, spectrum),
        name,
        laser_nm=785.0,
        content_sha256=spectrum.content_hash,
        status=status,
        status_by="A. Chemist",
        status_at="2026-11-20",
    )
    return Entry(record, spectrum)


class Laboratory:
    """Keys, a library, and packages made in every wrong way."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = [open_key(new_key(WORDS, iterations=1000)[0], WORDS) for _ in PEOPLE]
        self.trusted = [
            TrustedKey(key.public, person) for key, person in zip(self.keys, PEOPLE, strict=True)
        ]
        self.library = folder / "library.h5"
        self.build(self.library, [reference(1), reference(2)])
        self.made = 0

    def build(self, path, entries):
        write_library(path, entries, name="Example")
        return path

    def records(self, path):
        with Library(path) as library:
            return list(library.records())

    def manifest(self, about=ABOUT, library=None, notes="notes", **others):
        path = library or self.library
        payload = manifest_of(about, path, self.records(self.library), DEFAULT_PIPELINE.hash, notes)
        return canonical(json.loads(payload) | others) if others else payload

    def signed(self, payload, *signers):
        signed = Signed(payload)
        for number in signers or (0, 1):
            signed = signed.with_signature(self.keys[number].sign(payload))
        return signed

    def path(self):
        self.made += 1
        return self.folder / f"package-{self.made}.spkg"

    def package(self, about=ABOUT, signers=(0, 1), library=None, **others):
        path = self.path()
        signed = self.signed(self.manifest(about, library, **others), *signers)
        write_package(path, signed, "notes", library or self.library)
        return path

    def parts(self, signed=None):
        signed = signed or self.signed(self.manifest())
        return [
            (MANIFEST, signed.payload),
            (SIGNATURES, signed.signatures_bytes()),
            (NOTES, b"notes"),
            (LIBRARY, self.library.read_bytes()),
        ]

    def packed(self, parts, end=END):
        path = self.path()
        blocks = [header(name, len(data)) + data + padding(len(data)) for name, data in parts]
        path.write_bytes(b"".join(blocks) + end)
        return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return Laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.fixture
def station(lab, tmp_path):
    """A station that trusts the first two persons and has nothing installed."""
    made = Station(tmp_path / "station")
    with made.changing():
        save_trust(made.trust_path, Trust(first_root(lab.trusted[:2], NOW)))
    return made


def state(station):
    """Return every file of a station but its locks."""
    return {
        path.relative_to(station.folder): path.read_bytes()
        for path in station.folder.rglob("*")
        if path.is_file() and "lock" not in path.parent.name and path.suffix != ".lock"
    }


def take(path, station, now=NOW):
    with checked(path, station, now, beside=station.installed) as found:
        return install(found, station, now)


def refused(path, station, error, now=NOW):
    """Check that a package is refused for this very reason and that nothing was changed."""
    before = state(station)
    with pytest.raises(error) as caught:
        take(path, station, now)
    assert type(caught.value) is error
    assert caught.value.code in INTEGRITY_CODES
    assert caught.value.remedy
    assert state(station) == before
    return caught.value


def test_a_sound_package_is_installed(lab, station):
    active = take(lab.package(), station)
    assert (active.name, active.sequence) == ("Example", 7)
    with Library(station.library_path(active)) as library:
        assert [r.name for r in library.records()] == ["made-up substance 1", "made-up substance 2"]
    assert take(lab.package(), station).sequence == 7  # the same again is no harm
    assert [act.act for act in station.journal.acts()] == ["install begun", "installed"] * 2


def test_every_system_opens_it_by_hand(lab):
    with tarfile.open(lab.package()) as archive:
        assert archive.getnames() == list(LIMITS)
        data = archive.extractfile(LIBRARY).read()
    assert data == lab.library.read_bytes()


def test_the_same_content_makes_the_same_bytes(lab):
    assert lab.package().read_bytes() == lab.package().read_bytes()
    assert lab.package().read_bytes() == lab.packed(lab.parts()).read_bytes()


def test_rollback(lab, station):
    take(lab.package(), station)
    refused(lab.package(replace(ABOUT, sequence=6)), station, errors.RollbackError)
    refused(lab.package(replace(ABOUT, version="other")), station, errors.RollbackError)
    assert take(lab.package(replace(ABOUT, sequence=8)), station).sequence == 8


def test_freeze(lab, station):
    path = lab.package()
    refused(path, station, errors.ExpiredError, NOW + timedelta(days=91))
    refused(path, station, errors.ClockError, NOW - timedelta(days=2))
    newer = replace(ABOUT, sequence=8, created=stamp(NOW + timedelta(days=60)))
    take(
        lab.package(replace(newer, expires=stamp(NOW + timedelta(days=99)))),
        station,
        NOW + timedelta(days=60),
    )
    other = lab.package(replace(ABOUT, name="Other"))
    refused(other, station, errors.ClockError, NOW)  # the clock was set back


@pytest.mark.fuzz
@pytest.mark.timeout(900)
def test_one_flipped_byte_anywhere(lab, station):
    """Every offset with SPECTRA_FUZZ; otherwise a part of them, fewer inside the library."""
    path = lab.package()
    data = path.read_bytes()
    inside = read_package(path).members[LIBRARY]
    last = inside.offset + inside.size
    before_it = range(0, inside.offset, 5 if SHORT else 1)
    within = range(inside.offset, last, 401 if SHORT else 1)
    behind = range(last, len(data), 25 if SHORT else 1)
    places = [*before_it, *within, last - 1, *behind, len(data) - 1]
    before, reasons = state(station), set()
    with path.open("r+b", buffering=0) as file:
        for place in places:
            file.seek(place)
            file.write(bytes([data[place] ^ (1 << place % 8)]))
            with pytest.raises(SpectraError) as caught, checked(path, station, NOW):
                pytest.fail(f"byte {place} was flipped and nobody noticed")
            assert caught.value.code in INTEGRITY_CODES, (place, caught.value)
            reasons.add(caught.value.code)
            file.seek(place)
            file.write(data[place : place + 1])
    assert {"package_layout", "package_altered", "bad_signature", "not_canonical"} <= reasons
    assert state(station) == before
    assert take(path, station)


def test_partial_files(lab, station):
    data = lab.package().read_bytes()
    path = lab.path()
    members = read_package(lab.package()).members
    edges = {m.offset + part for m in members.values() for part in (-1, 0, 1, m.size - 1, m.size)}
    for size in sorted({0, 1, 7, 99, 511, 512, 513, len(data) - 1, len(data) - BLOCK} | edges):
        path.write_bytes(data[:size])
        refused(path, station, errors.PackagePartialError)


def test_trailing_bytes(lab, station):
    path = lab.packed(lab.parts(), END + b"\0")
    refused(path, station, errors.PackageTrailingError)
    refused(lab.packed(lab.parts(), END + bytes(BLOCK)), station, errors.PackageTrailingError)


def test_archive_bombs(lab, station):
    path = lab.path()
    path.write_bytes(gzip.compress(bytes(2**24)))
    refused(path, station, errors.PackageBombError)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, bytes(2**24))
    refused(path, station, errors.PackageBombError)
    for kind in ("bz2", "xz"):
        with tarfile.open(path, f"w:{kind}") as archive:
            archive.addfile(tarfile.TarInfo(MANIFEST), io.BytesIO())
        refused(path, station, errors.PackageBombError)


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURES, NOTES])
def test_a_member_that_says_it_is_huge(lab, station, name):
    parts = lab.parts()
    place = [one for one, _ in parts].index(name)
    path = lab.packed(parts[:place], header(name, LIMITS[name] + 1) + bytes(BLOCK))
    refused(path, station, errors.PackageBombError)


def test_a_member_beyond_what_tar_can_say(lab, station):
    block = bytearray(header(MANIFEST, 0))
    block[124:136] = b"\x80" + (2**62).to_bytes(11, "big")
    path = lab.path()
    path.write_bytes(bytes(block) + bytes(BLOCK))
    refused(path, station, errors.PackageBombError)


def _hostile(lab, change):
    """Return a signed package around a library that was changed with HDF5's own means."""
    path = lab.path()
    with h5py.File(path, "w", libver=("v110", "v110"), userblock_size=4096) as new:
        with h5py.File(lab.library, "r") as old:
            for key, value in old.attrs.items():
                new.attrs[key] = value
            for group in old:
                for name in old[group]:
                    new.create_dataset(f"{group}/{name}", data=old[group][name][()])
        change(new)
    size = path.stat().st_size  # `seal` itself would not seal this
    content = {"size": size, "data": [], "sha256": _structure_hash(path, size, [])}
    with path.open("r+b") as file:
        file.write((MAGIC + json.dumps(content).encode()).ljust(4095, b" ") + b"\n")
    return lab.package(library=path)


def _huge_chunked(file):
    del file["spectra/intensity"]
    file.create_dataset(
        "spectra/intensity", (2**40,), "f8", chunks=(2**24,), compression="gzip", fillvalue=1.0
    )


def _inflating_chunk(file):
    del file["spectra/intensity"]
    data = np.zeros(2**21)
    file.create_dataset("spectra/intensity", data=data, chunks=data.shape, compression="gzip")


def _huge_contiguous(file):
    del file["search/rows"]
    file.create_dataset("search/rows", (2**30, 1800), "f4")


def _elsewhere(file):
    del file["search/rows"]
    file.create_dataset("search/rows", (2, 1800), "f4", external=[("/etc/passwd", 0, 14400)])


def _linked(file):
    del file["search/rows"]
    file["search/rows"] = h5py.ExternalLink("other.h5", "/search/rows")


def _soft(file):
    file["search/more"] = h5py.SoftLink("/search/rows")


def _virtual(file):
    del file["search/rows"]
    layout = h5py.VirtualLayout((2, 1800), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "/search/rows", (2, 1800))
    file.create_virtual_dataset("search/rows", layout)


def _pointers(file):
    file.attrs["more"] = np.array(["x" * 9000] * 500, dtype=h5py.string_dtype())


def _stranger(file):
    file["search/other"] = np.zeros(4)


def _many(file):
    for number in range(100):
        file.attrs[f"a{number}"] = 1


@pytest.mark.parametrize(
    "change",
    [
        _huge_chunked,
        _inflating_chunk,
        _huge_contiguous,
        _elsewhere,
        _linked,
        _soft,
        _virtual,
        _pointers,
        _stranger,
        _many,
    ],
)
def test_hdf5_bombs_even_when_two_persons_signed_them(lab, station, change):
    refused(_hostile(lab, change), station, errors.LibraryBombError)


def test_wrong_key(lab, station):
    refused(lab.package(signers=(0, 2)), station, errors.UnknownKeyError)
    refused(lab.package(signers=(0, 1, 2)), station, errors.UnknownKeyError)


def test_revoked_key(lab, station):
    trust = Trust(first_root(lab.trusted[:2], NOW))
    lost = Revocation(lab.keys[1].id, stamp(NOW), "lost")
    save_trust(station.trust_path, trust.revoked(lost))
    refused(lab.package(), station, errors.RevokedKeyError)


def test_no_key_trusted_yet(lab, tmp_path):
    station = Station(tmp_path / "new")
    with station.changing():
        refused(lab.package(), station, errors.NoTrustedKeysError)


def test_key_before_its_time_or_for_something_else(lab, station):
    late = replace(lab.trusted[2], valid_from=stamp(NOW + timedelta(days=1)))
    save_trust(station.trust_path, Trust(first_root([*lab.trusted[:2], late], NOW)))
    refused(lab.package(signers=(0, 2)), station, errors.KeyNotValidError)
    lists = replace(lab.trusted[2], purposes=(CONTROL_LIST,))
    save_trust(station.trust_path, Trust(first_root([*lab.trusted[:2], lists], NOW)))
    refused(lab.package(signers=(0, 2)), station, errors.KeyRoleError)


def test_one_signature_only(lab, station):
    refused(lab.package(signers=(0,)), station, errors.TooFewSignaturesError)
    signed = Signed(lab.manifest())
    refused(lab.packed(lab.parts(signed)), station, errors.TooFewSignaturesError)


def test_the_same_person_twice(lab, station):
    signed = lab.signed(lab.manifest(), 0)
    twice = Signed(signed.payload, signed.signatures * 2)
    refused(lab.packed(lab.parts(twice)), station, errors.SamePersonError)
    second = replace(lab.trusted[2], person=PEOPLE[0].upper())
    save_trust(station.trust_path, Trust(first_root([*lab.trusted[:2], second], NOW)))
    refused(lab.package(signers=(0, 2)), station, errors.SamePersonError)


def test_signature_of_another_purpose(lab, station):
    """A control list signed by both, put into a package."""
    refused(lab.package(purpose=CONTROL_LIST), station, errors.WrongPurposeError)
    control = canonical(json.loads(lab.manifest()) | {"purpose": CONTROL_LIST})
    lifted = Signed(lab.manifest(), lab.signed(control).signatures)
    refused(lab.packed(lab.parts(lifted)), station, errors.BadSignatureError)


def test_signature_over_another_manifest(lab, station):
    other = lab.signed(lab.manifest(replace(ABOUT, sequence=8)))
    parts = lab.parts(Signed(lab.manifest(), other.signatures))
    refused(lab.packed(parts), station, errors.BadSignatureError)
    garbled = lab.parts()
    garbled[1] = (SIGNATURES, canonical([{"key": lab.keys[0].id, "signature": ""}]))
    refused(lab.packed(garbled), station, errors.BadSignatureError)


def test_members_added_removed_renamed_repeated_or_in_another_order(lab, station):
    parts = lab.parts()
    wrong = [parts[:n] + parts[n + 1 :] for n in range(4)]
    wrong += [[*parts[:n], ("other.txt", parts[n][1]), *parts[n + 1 :]] for n in range(1, 4)]
    wrong += [[*parts, ("extra.txt", b"x")], [*parts, parts[3]], [parts[0], parts[0], *parts[1:]]]
    wrong += [[parts[0], parts[2], parts[1], parts[3]]]
    for one in wrong:
        refused(lab.packed(one), station, errors.PackageMembersError)


@pytest.mark.parametrize(
    "name", ["../library.h5", "/etc/library.h5", "a/b", "..", "C:\\x", "..\\x", "x:y"]
)
def test_path_traversal(lab, station, name):
    parts = lab.parts()
    for wrong in ([*parts, (name, b"x")], [*parts[:2], (name, b"x"), *parts[2:]]):
        refused(lab.packed(wrong), station, errors.PackagePathError)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE]
)
def test_members_that_are_no_files(lab, station, kind):
    info = tarfile.TarInfo(NOTES)
    info.type, info.linkname = kind, "../../somewhere" if kind in b"12" else ""
    parts = lab.parts()
    path = lab.packed(parts[:2], info.tobuf(tarfile.USTAR_FORMAT) + END)
    refused(path, station, errors.PackagePathError)


def test_hidden_data_in_headers_and_padding(lab, station):
    data = lab.package().read_bytes()
    members = read_package(lab.package()).members
    notes = members[NOTES]
    path = lab.path()
    for place in (notes.offset + notes.size, notes.offset - 200, notes.offset - 1):
        path.write_bytes(data[:place] + b"x" + data[place + 1 :])
        refused(path, station, errors.PackageLayoutError)


def test_a_package_for_a_newer_program(lab, station):
    refused(
        lab.package(replace(ABOUT, minimum_program="99.0.0")), station, errors.NewerProgramError
    )


@pytest.mark.parametrize("form", ["indented", "blanks", "twice", "escaped", "order"])
def test_a_manifest_that_is_not_canonical_even_when_signed(lab, station, form):
    value = json.loads(lab.manifest())
    payload = {
        "indented": json.dumps(value, sort_keys=True, indent=1).encode(),
        "blanks": lab.manifest() + b"\n",
        "twice": lab.manifest()[:-1] + b',"version":"x"}',
        "escaped": lab.manifest().replace(b"Example", b"\\u0045xample"),
        "order": json.dumps(value, separators=(",", ":")).encode()[:-1] + b',"a":1}',
    }[form]
    refused(lab.packed(lab.parts(lab.signed(payload))), station, errors.NotCanonicalError)


def test_another_library_or_other_notes_under_the_same_signatures(lab, station):
    other = lab.build(lab.path(), [reference(1), reference(3)])
    parts = lab.parts()
    same_size = bytearray(parts[3][1])
    same_size[-1] ^= 1
    for data in (other.read_bytes(), bytes(same_size), b""):
        refused(lab.packed([*parts[:3], (LIBRARY, data)]), station, errors.PackageAlteredError)
    for notes in (b"other", b"noted", b"\xff\xfe\xfd\xfc\xfb"):
        wrong = [*parts[:2], (NOTES, notes), parts[3]]
        refused(lab.packed(wrong), station, errors.PackageAlteredError)


def test_a_manifest_that_tells_of_another_library(lab, station):
    """Both persons signed it, but it does not describe what is in the package."""
    other = lab.build(lab.path(), [reference(1), reference(3)])
    refused(lab.package(library=other), station, errors.PackageManifestError)
    refused(lab.package(more=1), station, errors.PackageManifestError)
    refused(lab.package(format=2), station, errors.PackageManifestError)
    refused(lab.package(members="none"), station, errors.PackageManifestError)
    refused(lab.package(entries=[]), station, errors.PackageManifestError)


def test_entries_that_were_not_released(lab, station):
    path = lab.build(lab.path(), [reference(1), reference(2, "draft")])
    payload = manifest_of(ABOUT, path, lab.records(path), DEFAULT_PIPELINE.hash, "notes")
    target = lab.path()
    write_package(target, lab.signed(payload), "notes", path)
    refused(target, station, errors.PackageManifestError)


def test_something_else_is_no_package(lab, station, tmp_path):
    for content in (b"hello", bytes(4096), lab.library.read_bytes(), b"x" * 5000):
        path = lab.path()
        path.write_bytes(content)
        with pytest.raises(errors.NotAPackageError):
            take(path, station)
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(errors.NotAPackageError):
            take(path, station)


def test_what_is_no_package_by_its_beginning_is_still_told_apart(lab):
    """``library verify`` takes packages and libraries: one flipped byte changes nothing in that."""
    path = lab.package()
    data = path.read_bytes()
    assert looks_like_package(path)
    assert not looks_like_package(lab.library)
    for place in range(BLOCK):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        assert looks_like_package(path)
    path.write_bytes(gzip.compress(data))
    assert looks_like_package(path)


def test_an_altered_record_of_trust_is_refused(lab, station):
    data = station.trust_path.read_bytes()
    path = lab.package()
    for place in range(0, len(data), 7):
        station.trust_path.write_bytes(data[:place] + bytes([data[place] ^ 2]) + data[place + 1 :])
        refused(path, station, errors.TrustStoreError)
    station.trust_path.write_bytes(data[: len(data) // 2])
    refused(path, station, errors.TrustStoreError)


def _below(kind):
    return {kind, *(leaf for one in kind.__subclasses__() for leaf in _below(one))}


def test_every_reason_has_a_code_of_its_own_and_exit_code_4():
    classes = _below(TrustError) | _below(PackageError) | {errors.LibraryBombError}
    codes = [one.code for one in classes]
    assert len(set(codes)) == len(codes)
    assert set(codes) - INTEGRITY_CODES == {"package_unusable", "not_a_package"}


def test_hashes_in_the_manifest_are_those_of_the_members(lab):
    package = read_package(lab.package())
    stated = {item["name"]: item["sha256"] for item in package.manifest["members"]}
    assert stated[LIBRARY] == hashlib.sha256(lab.library.read_bytes()).hexdigest()
    assert stated[NOTES] == hashlib.sha256(b"notes").hexdigest()
