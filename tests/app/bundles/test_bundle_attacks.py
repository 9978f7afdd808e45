"""Bundles that somebody altered, put together or cut: each refused with its reason, nothing kept.

The sweeps flip a byte anywhere, and put the seal right again with the station's own key, so that
what lies behind the signature is tried too.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import runpy
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import resources
from library.archive import END, header, padding
from library.signing import Signature, canonical
from spectra_app.records.bundles import archive
from spectra_app.records.bundles.archive import packed, unpacked
from spectra_app.records.bundles.bag import PURPOSE, STATEMENT, TAG_MANIFEST, manifest, sealed
from spectra_app.records.bundles.content import read_bundle
from spectra_app.records.bundles.errors import (
    BundleAlteredError,
    BundleBagError,
    BundleChainError,
    BundleContentError,
    BundleError,
    BundleLayoutError,
    BundleMembersError,
    BundlePartialError,
    BundlePathError,
    BundleSignatureError,
    BundleSizeError,
    BundleTrailingError,
    NotABundleError,
)
from spectra_app.records.bundles.extract import EXTENT
from spectra_app.records.ledger.head import station_key
from spectra_app.services.bundles.importing import import_bundle
from spectra_app.services.bundles.pages import facts

LONG = int(os.environ.get("SPECTRA_FUZZ", "0"))


@pytest.fixture
def data(sealed_case):
    """Return the bytes of a bundle."""
    return sealed_case[0]


@pytest.fixture
def parts(data):
    """Return folder and files of a bundle."""
    folder, files = unpacked(data)
    return folder, dict(files)


def whole(folder, files):
    return b"".join(packed(folder, files))


def raw(members, end=END):
    """Return an archive of (header, data) as they are given."""
    return b"".join(head + body + padding(len(body)) for head, body in members) + end


@pytest.fixture
def members(parts):
    folder, files = parts
    return [(header(f"{folder}/{name}", len(body)), body) for name, body in files.items()]


@pytest.fixture
def expert(tmp_path, capsys):
    """Return a function that lets the second verifier judge a bundle: its exit code and words."""
    program = runpy.run_path(str(resources.path("verifier/verify_bundle.py")))

    def judge(data):
        (tmp_path / "judged").write_bytes(data)
        capsys.readouterr()
        return program["main"]([str(tmp_path / "judged")]), capsys.readouterr().out

    return judge


@pytest.fixture
def resealed(sealed_case, parts):
    """Return a function that alters the payload and seals it again, as the station would."""

    def seal(change, kind="case", case=None):
        folder, files = parts
        payload = {name: body for name, body in files.items() if name.startswith("data/")}
        change(payload)
        content = json.loads(files["data/case.json"])
        number = case or content["case"]
        new = sealed(payload, [("x", "y")], kind=kind, case=number, key=sealed_case[1])
        return whole(folder, new)

    return seal


# --- One byte, anywhere --------------------------------------------------------------------------


def test_every_flipped_byte_is_refused(data):
    """A sample of the bytes here, more in the long form; every region of the archive is in it."""
    chance = random.Random(7)
    places = set(range(0, 4096, 37)) | set(chance.sample(range(len(data)), max(400, LONG)))
    places |= {len(data) - 1, len(data) - 513, len(data) - 1024}
    reasons = set()
    for place in sorted(places):
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        with pytest.raises(BundleError) as refused:
            read_bundle(bytes(flipped))
        reasons.add(refused.value.code)
    assert {"bundle_altered", "bundle_layout"} <= reasons


def test_every_cut_is_refused_and_so_is_what_follows(data):
    chance = random.Random(8)
    for place in [0, 1, 511, 512, len(data) - 1, *chance.sample(range(len(data)), 60)]:
        with pytest.raises((BundlePartialError, NotABundleError, BundleMembersError)):
            read_bundle(data[:place])
    for more in (b"\0", b"x", bytes(512), data):
        with pytest.raises(BundleTrailingError):
            read_bundle(data + more)


def test_a_missing_additional_or_exchanged_file_is_refused(parts):
    folder, files = parts
    payload = [name for name in files if name.startswith("data/")]
    for name in payload:
        left = {one: body for one, body in files.items() if one != name}
        with pytest.raises(BundleMembersError):
            read_bundle(whole(folder, left))
        with pytest.raises(BundleAlteredError, match=name.rsplit("/", maxsplit=1)[-1]):
            read_bundle(whole(folder, {**files, name: files[name] + b" "}))
    more = {**files, f"data/files/{'0' * 64}.bin": b""}
    with pytest.raises(BundleMembersError, match="not in manifest"):
        read_bundle(whole(folder, more))
    for tag in archive.TAGS:
        with pytest.raises(BundleError):
            read_bundle(whole(folder, {**files, tag: files[tag] + b"\n"}))


def test_a_manifest_that_was_made_again_does_not_help(sealed_case, parts, tmp_path):
    """Whoever alters a bundle and writes new manifests lacks the key."""
    folder, files = parts
    other = station_key(tmp_path / "forger")
    payload = {name: body for name, body in files.items() if name.startswith("data/")}
    payload["data/README.txt"] += b"forged"
    case = json.loads(files["data/case.json"])["case"]
    forged = sealed(payload, [("x", "y")], kind="case", case=case, key=other)
    with pytest.raises(BundleSignatureError):
        read_bundle(whole(folder, forged))
    kept = {**forged, STATEMENT: files[STATEMENT], "signatures.json": files["signatures.json"]}
    tags = {name: kept[name] for name in archive.TAGS if name != TAG_MANIFEST}
    with pytest.raises(BundleSignatureError, match="another content"):
        read_bundle(whole(folder, {**kept, TAG_MANIFEST: manifest(tags)}))
    assert sealed_case[1].id != other.id


def test_a_signature_for_another_purpose_does_not_fit(sealed_case, parts):
    folder, files = parts
    stated = {**json.loads(files[STATEMENT]), "purpose": "spectra library release"}
    statement = canonical(stated)
    key = sealed_case[1]
    signature = Signature(key.id, base64.b64decode(key.sign(statement)))
    files = {**files, STATEMENT: statement, "signatures.json": canonical([signature.to_json()])}
    tags = {name: files[name] for name in archive.TAGS if name != TAG_MANIFEST}
    with pytest.raises(BundleSignatureError, match="another purpose"):
        read_bundle(whole(folder, {**files, TAG_MANIFEST: manifest(tags)}))
    assert stated["purpose"] != PURPOSE


# --- Archives that are traps ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "X/../../evil", "X/data/../bagit.txt", "C:\\evil", "X/data/./a",
     "X//bagit.txt", "other/bagit.txt", "X\\data\\a", "X/", "X", "X/data/\u00e9"],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(parts, members, name):
    folder, _ = parts
    bad = header(name.replace("X", folder), 0)
    with pytest.raises(BundlePathError):
        read_bundle(raw([*members, (bad, b"")]))
    with pytest.raises((BundlePathError, NotABundleError)):
        read_bundle(raw([(bad, b""), *members]))


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"5", b"6", b"L", b"K", b"x", b"g", b"S"])
def test_links_devices_and_folders_are_refused(parts, members, kind):
    folder, _ = parts
    info = tarfile.TarInfo(f"{folder}/data/README.txt")
    info.type, info.linkname = kind, "/etc/passwd"
    bad = info.tobuf(tarfile.USTAR_FORMAT)[:512]
    place = list(parts[1]).index("data/README.txt")
    with pytest.raises(BundlePathError, match="no plain file"):
        read_bundle(raw([*members[:place], (bad, b""), *members[place + 1 :]]))


def test_a_member_twice_in_capitals_or_out_of_order_is_refused(parts, members):
    folder, files = parts
    case = next(one for one in members if one[0].startswith(f"{folder}/data/case.json".encode()))
    with pytest.raises(BundleMembersError, match="twice"):
        read_bundle(raw([*members, case]))
    capital = (header(f"{folder}/data/CASE.json", len(case[1])), case[1])
    with pytest.raises(BundleMembersError, match="capitals"):
        read_bundle(raw([*members, capital]))
    with pytest.raises(BundleMembersError, match="must be"):
        read_bundle(raw([members[1], members[0], *members[2:]]))
    with pytest.raises(BundleMembersError, match="out of order"):
        read_bundle(raw([*members[:6], *reversed(members[6:])]))
    stranger = (header(f"{folder}/data/run.sh", 1), b"x")
    with pytest.raises(BundleMembersError, match="does not belong"):
        read_bundle(raw([*members, stranger]))
    assert len(files) == len(members)


def test_sizes_beyond_the_limits_are_refused(parts, members, monkeypatch, tmp_path):
    folder, files = parts
    big = (header(f"{folder}/data/verifier/z.py", 8**11 - 1), b"")
    with pytest.raises(BundlePartialError, match="says that it has"):
        read_bundle(raw([*members, big]))
    monkeypatch.setattr(archive, "MOST_MEMBERS", len(members) - 1)
    with pytest.raises(BundleSizeError, match="too many files"):
        read_bundle(raw(members))
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    with pytest.raises(BundleSizeError, match="would have"):
        whole(folder, files)
    path = tmp_path / "big"
    path.write_bytes(bytes(1001))
    with pytest.raises(BundleSizeError, match="at most"):
        archive.read_whole(path)


def test_many_small_things_are_not_read(parts, resealed):
    """A few bytes each, which would take a hundred times as many in memory."""
    folder, files = parts
    for name in ("data/records.jsonl", "data/audit/entries.jsonl"):
        with pytest.raises(BundleSizeError, match="larger"):
            resealed(lambda payload, name=name: payload.update({name: b"{}\n" * 200_001}))
        bad = b"{}\n" * 200_001
        begin = raw([(header(f"{folder}/{n}", len(d)), d) for n, d in
                     {**files, name: bad}.items()])  # fmt: skip
        with pytest.raises(BundleSizeError, match=f"{name} is larger"):
            read_bundle(begin)
    for name in ("signatures.json", "data/case.json"):
        most = archive.MOST_OF[name]
        begin = raw([(header(f"{folder}/{n}", most + 1 if n == name else len(d)),
                      bytes(most + 1) if n == name else d) for n, d in files.items()])  # fmt: skip
        with pytest.raises(BundleSizeError, match=f"{name} is larger"):
            read_bundle(begin)


@pytest.mark.parametrize("ending", ["exe", "html", "js", "lnk", "bat", "sh", "svg", "PNG", "py"])
def test_evidence_that_a_click_would_run_does_not_belong_into_a_bundle(parts, members, ending):
    folder, _ = parts
    bad = header(f"{folder}/data/files/{'0' * 64}.{ending}", 0)
    with pytest.raises(BundleMembersError, match="does not belong"):
        read_bundle(raw([*members, (bad, b"")]))


@pytest.mark.parametrize("begin", [b"\x1f\x8b", b"PK\x03\x04", b"BZh9", b"\xfd7zXZ\0"])
def test_what_is_compressed_is_not_inflated(data, begin):
    with pytest.raises(BundleSizeError, match="compressed"):
        read_bundle(begin + data)


def test_tar_files_of_other_programs_are_refused(parts):
    folder, files = parts
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w", format=form) as tar:
            for name, body in files.items():
                info = tarfile.TarInfo(f"{folder}/{name}")
                info.size, info.mtime = len(body), 1
                tar.addfile(info, io.BytesIO(body))
        with pytest.raises(BundleLayoutError):
            read_bundle(made.getvalue())


def test_files_that_are_no_files_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(NotABundleError):
            archive.read_whole(path)
    for content in (b"", b"hello", b"\x89HDF\r\n\x1a\n" + bytes(600)):
        with pytest.raises((NotABundleError, BundlePartialError)):
            read_bundle(content)


@given(st.binary(max_size=3000))
@settings(max_examples=60, deadline=None)
def test_no_bytes_crash_the_reader(content):
    with pytest.raises(BundleError):
        read_bundle(content)


# --- Behind the signature: what a station could have signed wrongly ------------------------------


def nothing(_payload):
    """Alter nothing."""


def edit(name, old, new, count=1):
    def change(payload):
        assert old in payload[name]
        payload[name] = payload[name].replace(old, new, count)

    return change


def test_what_is_sealed_again_unchanged_is_read(resealed):
    assert read_bundle(resealed(nothing)).content.kind == "case"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (edit("data/records.jsonl", b"white powder", b"black powder"), BundleChainError),
        (edit("data/records.jsonl", b'"revision":2', b'"revision":3'), BundleChainError),
        (edit("data/audit/entries.jsonl", b'item added', b'item taken'), BundleChainError),
        (edit("data/audit/head.json", b'"number":', b'"number":1'), BundleChainError),
        (edit("data/audit/links.txt", b"\n", b"\n\n"), BundleChainError),
        (edit("data/audit/extent.json", b'"revision":2', b'"revision":1'), BundleChainError),
        (edit("data/case.json", b'"left_out":0', b'"left_out": 0'), BundleContentError),
        (edit("data/case.json", b'"left_out":0', b'"left_out":"none"'), BundleContentError),
        (edit("data/case.json", b'"kind":"case"', b'"kind":"answer"'), BundleSignatureError),
        (lambda payload: payload.pop("data/audit/links.txt"), BundleMembersError),
        (lambda payload: payload.update({"data/station.pub": b"x"}), BundleContentError),
    ],
    ids=["record", "revision", "entry", "head", "links", "extent", "form", "type", "kind", "gone",
         "key"],
)  # fmt: skip
def test_a_station_that_signs_what_does_not_hold_is_refused(resealed, change, reason):
    if reason is BundleSignatureError:
        reason = (BundleSignatureError, BundleContentError)
    with pytest.raises(reason):
        read_bundle(resealed(change))


def drop_line(name, number):
    def change(payload):
        lines = payload[name].splitlines(keepends=True)
        del lines[number % len(lines)]
        payload[name] = b"".join(lines)

    return change


@pytest.mark.parametrize(
    "name", ["data/records.jsonl", "data/audit/entries.jsonl", "data/audit/links.txt"]
)
def test_every_line_of_the_extract_is_needed(resealed, parts, name):
    count = len(parts[1][name].splitlines())
    for number in range(count):
        with pytest.raises(BundleChainError):
            read_bundle(resealed(drop_line(name, number)))


def other_types(rows, chance):
    """Return JSON lines in which one value is of another type."""
    row = dict(rows[chance.randrange(len(rows))])
    row[chance.choice([*row])] = chance.choice((None, True, [], [[]], {}, {"a": 1}, 0, -1, 2**70))
    return [*rows, row] if chance.random() < 0.3 else [row, *rows[1:]]


@pytest.mark.parametrize(
    "name", ["data/records.jsonl", "data/audit/entries.jsonl", "data/audit/links.txt"]
)
def test_what_is_of_another_type_is_refused_in_words(resealed, parts, expert, name):
    """A station may sign anything: nothing of it ends in a traceback, here or at the expert's."""
    chance = random.Random(name)
    bodies = [b"", b"\n", b"[]\n", b"null\n", b"{}\n", b"\xff\n", b"0 \n"]
    if name.endswith("jsonl"):
        rows = [json.loads(line) for line in parts[1][name].splitlines()]
        bodies += [b"".join(canonical(one) + b"\n" for one in other_types(rows, chance))
                   for _ in range(max(25, LONG // 20))]  # fmt: skip
    for number, body in enumerate(bodies):
        bad = resealed(lambda payload, body=body: payload.update({name: body}))
        with pytest.raises(BundleError):
            read_bundle(bad)
        if number < 12:
            assert expert(bad)[0] == 4, body[:100]


def without_last_revision(payload):
    """Take the last revision of a scan, and its entry, out of an extract: the rest fits."""
    entries = [json.loads(line) for line in payload["data/audit/entries.jsonl"].splitlines()]
    told = [json.loads(one["line"]) for one in entries]
    last = next(one for one in told if one["kind"] == "scan" and one["revision"] == 2)
    assert told[-1] != last
    kept = [one for one, line in zip(entries, told, strict=True) if line != last]
    rows = [json.loads(line) for line in payload["data/records.jsonl"].splitlines()]
    rows = [one for one in rows if (one["id"], one["revision"]) != (last["id"], 2)]
    payload["data/audit/entries.jsonl"] = b"".join(canonical(one) + b"\n" for one in kept)
    payload["data/records.jsonl"] = b"".join(canonical(one) + b"\n" for one in rows)


def test_last_revisions_that_are_missing_are_seen_by_both_verifiers(resealed, expert, parts):
    altered = resealed(without_last_revision)
    with pytest.raises(BundleChainError, match="does not reach as far"):
        read_bundle(altered)
    code, said = expert(altered)
    assert code == 4
    assert "has 2 revisions by the station, 1 are here" in said
    extent = json.loads(parts[1]["data/audit/extent.json"])
    for name, value in (("last", extent["last"] + 1), ("entries", 1), ("key", "0" * 64)):
        changed = canonical({**extent, name: value})
        one = resealed(lambda payload, made=changed: payload.update({EXTENT: made}))
        with pytest.raises(BundleChainError, match="did not sign"):
            read_bundle(one)
        assert expert(one)[0] == 4


def test_the_expert_is_told_what_cannot_be_seen(expert, data):
    code, said = expert(data)
    assert code == 0
    assert "What cannot be seen from here: what was entered after" in said


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "name",
    ["statement.json", "signatures.json", "data/case.json", "data/records.jsonl",
     "data/audit/entries.jsonl", "data/audit/head.json", "data/audit/extent.json"],
)  # fmt: skip
def test_what_is_nested_deeply_is_refused_by_both_verifiers(resealed, parts, expert, name):
    """Behind the signature where there is one: also a station could sign it."""
    if name.startswith("data/"):
        bad = resealed(lambda payload: payload.update({name: DEEP + b"\n"}))
    else:
        folder, files = parts
        tags = {tag: DEEP if tag == name else files[tag] for tag in archive.TAGS}
        tags[TAG_MANIFEST] = manifest({n: d for n, d in tags.items() if n != TAG_MANIFEST})
        bad = whole(folder, {**files, **tags})
    with pytest.raises(BundleError):
        read_bundle(bad)
    code, said = expert(bad)
    assert (code, said.splitlines()[-1]) == (4, "The bundle does not hold.")


def test_evidence_that_is_not_named_or_left_out_is_refused(resealed, parts):
    path = next(name for name in parts[1] if name.startswith("data/files/"))
    listed = json.loads(parts[1]["data/case.json"])

    def leave_out(payload):
        del payload[path]
        listed["files"] = [one for one in listed["files"] if one["path"] != path]
        payload["data/case.json"] = canonical(listed)

    with pytest.raises(BundleContentError, match="evidence is not what"):
        read_bundle(resealed(leave_out))
    with pytest.raises(BundleAlteredError, match="hash says"):
        read_bundle(resealed(lambda payload: payload.update({path: b"{}"})))
    more = {f"data/files/{'0' * 64}.bin": b""}
    with pytest.raises(BundleContentError, match="list of evidence"):
        read_bundle(resealed(lambda payload: payload.update(more)))


def test_another_folder_or_another_case_is_refused(resealed, parts):
    with pytest.raises(BundleContentError, match="what was signed"):
        read_bundle(resealed(nothing, case="MC1-20261122-0002"))
    with pytest.raises(BundleContentError, match="what was signed"):
        read_bundle(resealed(nothing, kind="question"))
    folder, files = parts
    with pytest.raises(BundleContentError, match="folder"):
        read_bundle(whole(folder[:-1] + "9", files))


def test_the_tag_files_are_those_of_a_bag(parts):
    folder, files = parts
    for tag, body in (("bagit.txt", b"BagIt-Version: 0.97\n"), ("bag-info.txt", b"\xff"),
                      ("bag-info.txt", b"Payload-Oxum: 1.1\n")):  # fmt: skip
        changed = {**files, tag: body}
        tags = {name: changed[name] for name in archive.TAGS if name != TAG_MANIFEST}
        with pytest.raises(BundleBagError):
            read_bundle(whole(folder, {**changed, TAG_MANIFEST: manifest(tags)}))


def test_the_facts_are_one_line_each(data):
    content = read_bundle(data).content
    assert all(label and "\n" not in label for label, _ in facts(content))


@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(
    max_examples=max(60, LONG // 20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_flip_behind_the_signature_is_taken_for_the_same(resealed, parts, place, bit):
    """Flip one bit of the extract and let the station sign it again: it is refused."""
    names = ("data/records.jsonl", "data/audit/entries.jsonl", "data/audit/links.txt",
             "data/audit/head.json", "data/audit/extent.json", "data/station.pub")  # fmt: skip
    name = names[place % len(names)]
    body = bytearray(parts[1][name])
    body[place % len(body)] ^= 1 << bit

    with pytest.raises(BundleError):
        read_bundle(resealed(lambda payload: payload.update({name: bytes(body)})))


# --- Nothing half --------------------------------------------------------------------------------


def test_what_is_refused_leaves_nothing(laboratory, office, data, tmp_path):
    lab, chemist = laboratory
    entries, path = lab.ledger.entries(), tmp_path / "bad.bundle"
    chance = random.Random(9)
    for place in chance.sample(range(len(data)), 12):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with pytest.raises(BundleError):
            import_bundle(lab, chemist, path, office.ledger.key.id)
    assert lab.ledger.entries() == entries
    assert not list(lab.evidence.folder.rglob("*"))
