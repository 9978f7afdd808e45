"""Cases as sealed bundles: over two stations and back, the same bytes, and what they hold."""

from __future__ import annotations

import base64
import hashlib
import json
import runpy
import tarfile
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

import resources
from library.formats import read_traces
from library.signing import new_key, open_key
from spectra_app.errors import DemoError, ForbiddenError, RecordError
from spectra_app.records.bundles.content import read_bundle
from spectra_app.records.bundles.errors import (
    BundleError,
    BundleKnownError,
    UnknownStationError,
    WithheldError,
)
from spectra_app.records.bundles.kinds import ImportedRecord
from spectra_app.records.kinds import KINDS, Case, Scan
from spectra_app.records.ledger.verify import verify
from spectra_app.services import users
from spectra_app.services.bundles.exporting import (
    ask_laboratory,
    export_case,
    list_questions,
    write_question_again,
)
from spectra_app.services.bundles.importing import import_bundle, look_at_bundle
from spectra_app.services.bundles.making import PublicKey, Signer
from spectra_app.services.bundles.opening import (
    imported_bundle,
    imported_records,
    list_imports,
    list_stations,
    revoke_station,
)
from spectra_app.services.cases import opening, papers, scans
from spectra_app.services.office import open_office

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody


def read_bag(path):
    """Read a bag with RFC 8493 in hand and nothing of the program: its payload by name."""
    with tarfile.open(path, "r:") as archive:
        members = archive.getmembers()
        assert all(member.isreg() for member in members)
        tops = {member.name.split("/")[0] for member in members}
        assert len(tops) == 1
        files = {m.name.split("/", 1)[1]: archive.extractfile(m).read() for m in members}
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    for manifest, named in (
        ("manifest-sha256.txt", payload),
        ("tagmanifest-sha256.txt", files.keys() - payload.keys() - {"tagmanifest-sha256.txt"}),
    ):
        said = {}
        for line in files[manifest].decode("utf-8").splitlines():
            digest, path_ = line.split(maxsplit=1)
            said[path_] = digest
        assert said.keys() == set(named)
        for name, digest in said.items():
            assert hashlib.sha256(files[name]).hexdigest() == digest
    info = dict(line.split(": ", 1) for line in files["bag-info.txt"].decode().splitlines())
    size, count = info["Payload-Oxum"].split(".")
    assert (int(size), int(count)) == (sum(map(len, payload.values())), len(payload))
    return files, info


def counts(office):
    """Return how many records of each kind there are."""
    return {kind: len(office.ledger.find(kind)) for kind in KINDS.values()}


@pytest.fixture
def exported(office, logged_in, filled_case, tmp_path):
    """Return the bundle of the case, exported by the supervisor."""
    target = tmp_path / "case.bundle"
    export_case(office, logged_in["supervisor"], filled_case[0], target)
    return target


# --- What a bundle is ----------------------------------------------------------------------------


def test_a_bundle_is_a_bag_that_holds_the_case(office, exported, filled_case, scan_text):
    files, info = read_bag(exported)
    assert (info["External-Identifier"], info["Spectra-Kind"]) == (filled_case[0], "case")
    assert info["Spectra-Station-Key"] == office.ledger.key.id
    content = json.loads(files["data/case.json"])
    assert content["exported_by"] == {"id": "u1", "name": "Sue Per", "role": "supervisor"}
    assert {one["id"] for one in content["people"]} == {"u2"}
    rows = [json.loads(line) for line in files["data/records.jsonl"].splitlines()]
    kinds = [row["kind"] for row in rows]
    assert set(kinds) == {"case", "item", "scan", "custody", "photo", "note", "exposure"}
    assert kinds.count("scan") == 4  # two scans, unfiled and then filed
    for scan in office.ledger.find(Scan):
        record = scan.record
        ending = "csv" if record.source == "file" else "json"
        assert files[f"data/files/{record.original}.{ending}"] == office.evidence.get(
            record.original
        )
        assert files[f"data/files/{record.result}.json"] == office.evidence.get(record.result)
        (jcamp,) = read_traces(files[f"data/spectra/{record.id}.jdx"], where="jdx").traces
        (nexus,) = read_traces(files[f"data/spectra/{record.id}.nxs"], where="nxs").traces
        assert np.array_equal(jcamp.intensity, nexus.intensity)
        assert np.array_equal(jcamp.shift_cm1, nexus.shift_cm1)
        assert dict(jcamp.metadata)["source SHA-256"] == record.original
    (original,) = read_traces(scan_text("lactose").encode(), where="x").traces
    assert any(
        np.array_equal(read_traces(data, where="y").traces[0].intensity, original.intensity)
        for name, data in files.items()
        if name.endswith(".jdx")
    )
    assert not content["unwritten"]


def test_the_pages_are_for_reading_and_run_nothing(exported):
    files, _ = read_bag(exported)
    page = files["data/index.html"].decode()
    assert "Parcel &lt;1&gt;" in page
    assert "Smells of &lt;vinegar&gt;" in page
    assert "<script" not in page
    assert "http" not in page
    links = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert links
    assert {f"data/{link}" for link in links} <= files.keys()
    text = files["data/README.txt"].decode()
    assert "What this proves" in text
    assert "What it does not prove" in text


def test_the_same_case_gives_the_same_bytes_until_it_changes(
    office, logged_in, filled_case, exported, tmp_path
):
    supervisor = logged_in["supervisor"]
    again, other = tmp_path / "again.bundle", tmp_path / "other.bundle"
    opening.open_new_case(office, logged_in["officer"], "Other")
    export_case(office, supervisor, filled_case[0], again)
    assert again.read_bytes() == exported.read_bytes()
    papers.add_note(office, logged_in["officer"], "more", case=filled_case[0])
    export_case(office, supervisor, filled_case[0], other)
    assert other.read_bytes() != exported.read_bytes()
    acts = [one.act for one in office.ledger.entries() if one.act == "case exported"]
    assert len(acts) == 3


def test_a_file_that_is_there_is_not_replaced_and_nothing_is_entered(
    office, logged_in, filled_case, exported, tmp_path
):
    before = len(office.ledger.entries())
    for target in (exported, tmp_path / "none" / "x.bundle", tmp_path):
        with pytest.raises(BundleError):
            export_case(office, logged_in["supervisor"], filled_case[0], target)
    with pytest.raises(ForbiddenError):
        export_case(office, logged_in["officer"], filled_case[0], tmp_path / "y.bundle")
    assert len(office.ledger.entries()) == before


def test_a_person_signs_besides_the_station(office, logged_in, filled_case, laboratory, tmp_path):
    words = "correct horse battery staple"
    pem, public = new_key(words, iterations=1)
    signer = Signer(open_key(pem, words), PublicKey("Sue Per", public))
    target = tmp_path / "signed.bundle"
    export_case(office, logged_in["supervisor"], filled_case[0], target, [signer])
    files, _ = read_bag(target)
    assert signer.public.to_text().encode() in files.values()
    seen = look_at_bundle(*laboratory, target)
    assert [(name.split(" (")[0], known) for name, known in seen.persons] == [("Sue Per", False)]


def test_the_experts_program_agrees(office, exported, tmp_path, capsys):
    program = runpy.run_path(str(resources.path("verifier/verify_bundle.py")))
    assert program["main"]([str(exported), "--station", office.ledger.key.id]) == 0
    assert "The bundle holds" in capsys.readouterr().out
    assert program["main"]([str(exported), "--station", "0" * 64]) == 4
    with tarfile.open(exported) as archive:
        archive.extractall(tmp_path / "out", filter="data")
    (folder,) = (tmp_path / "out").iterdir()
    assert program["main"]([str(folder)]) == 0
    (folder / "data" / "README.txt").write_text("another")
    assert program["main"]([str(folder)]) == 4
    assert "README.txt was altered" in capsys.readouterr().out
    shipped = (folder / "data" / "verifier" / "verify_bundle.py").read_bytes()
    assert shipped == resources.path("verifier/verify_bundle.py").read_bytes()


def test_a_scan_without_an_open_form_is_there_as_its_original(
    office, logged_in, take, filled_case, tmp_path
):
    scan = take(logged_in["officer"])
    scans.file_scan(office, logged_in["officer"], scan.id, filled_case[1])
    done = export_case(office, logged_in["supervisor"], filled_case[0], tmp_path / "x.bundle")
    assert [one.scan for one in done.unwritten] == [scan.id]
    assert scan.id in read_bag(tmp_path / "x.bundle")[0]["data/README.txt"].decode()


# --- Another station -----------------------------------------------------------------------------


def test_an_unknown_station_is_never_believed_in_silence(office, laboratory, exported):
    lab, chemist = laboratory
    before = len(lab.ledger.entries())
    assert look_at_bundle(lab, chemist, exported).known == "unknown"
    for agreed in ("", "0" * 64, office.ledger.key.id[:16]):
        with pytest.raises(UnknownStationError, match=office.ledger.key.id):
            import_bundle(lab, chemist, exported, agreed)
    assert len(lab.ledger.entries()) == before
    assert not list(lab.evidence.folder.rglob("*"))
    import_bundle(lab, chemist, exported, office.ledger.key.id)
    (known,) = list_stations(lab, chemist)
    assert (known.id, known.name, known.agreed_by) == (office.ledger.key.id, "Mail centre", "u2")


def test_an_imported_case_is_marked_and_kept_apart(
    worded, office, laboratory, exported, filled_case
):
    lab, chemist = laboratory
    mine = opening.open_new_case(lab, chemist, "Mine").id
    assert mine != filled_case[0]
    before = counts(lab)
    taken = import_bundle(lab, chemist, exported, office.ledger.key.id).imported
    assert counts(lab) == before
    assert (taken.case, taken.station, taken.exported_by) == (
        filled_case[0], office.ledger.key.id, "Sue Per (supervisor, u1)",
    )  # fmt: skip
    held = imported_records(lab, chemist, taken.id)
    assert len(held) == taken.records
    assert {one.station for one in held} == {office.ledger.key.id}
    assert all(one.id.startswith(f"{taken.id}/") for one in held)
    assert not {one.id for one in held} & {case.record.id for case in lab.ledger.find(Case)}
    assert ["/note/" in one for one in worded(lab.ledger, ImportedRecord, "vinegar")] == [True]
    assert [one.id for one in list_imports(lab, chemist, "case")] == [taken.id]
    bundle = imported_bundle(lab, chemist, taken.id)
    assert bundle.statement.manifest == taken.manifest
    assert verify(lab.ledger.folder, lab.ledger.key.public).findings == ()


def test_a_bundle_is_taken_in_once_and_a_later_state_besides(two, exported):
    first = import_bundle(two.lab, two.chemist, exported, two.office.ledger.key.id).imported
    with pytest.raises(BundleKnownError, match="taken in before"):
        import_bundle(two.lab, two.chemist, exported)
    papers.add_note(two.office, two.officer, "more", case=two.case)
    export_case(two.office, two.supervisor, two.case, two.folder / "later.bundle")
    seen = look_at_bundle(two.lab, two.chemist, two.folder / "later.bundle")
    assert (seen.known, seen.earlier) == ("trusted", (first.id,))
    second = import_bundle(two.lab, two.chemist, two.folder / "later.bundle").imported
    assert second.id != first.id
    assert second.records == first.records + 1


def test_a_revoked_station_and_ones_own_bundle_are_refused(two, exported):
    import_bundle(two.lab, two.chemist, exported, two.office.ledger.key.id)
    with pytest.raises(ForbiddenError):
        revoke_station(two.lab, two.chemist, two.office.ledger.key.id, "stolen")
    head = users.log_in(two.lab, "head", PASSWORD)
    revoke_station(two.lab, head, two.office.ledger.key.id, "stolen")
    papers.add_note(two.office, two.officer, "more", case=two.case)
    export_case(two.office, two.supervisor, two.case, two.folder / "later.bundle")
    with pytest.raises(UnknownStationError, match="revoked"):
        import_bundle(two.lab, two.chemist, two.folder / "later.bundle", two.office.ledger.key.id)
    with pytest.raises(UnknownStationError, match="made this bundle itself"):
        import_bundle(two.office, two.supervisor, exported, two.office.ledger.key.id)


def test_a_demonstration_never_comes_into_a_real_office(
    tmp_path, office_clock, quick_passwords, laboratory
):
    with open_office(
        tmp_path / "show", office_clock, demo=True, passwords=quick_passwords
    ) as shown:
        users.set_up_first_supervisor(shown, "demo", "De Mo", PASSWORD)
        session = users.log_in(shown, "demo", PASSWORD)
        case = opening.open_new_case(shown, session, "Parcel").id
        export_case(shown, session, case, tmp_path / "demo.bundle")
        files, info = read_bag(tmp_path / "demo.bundle")
        assert info["Spectra-Mark"].startswith(("DEMONSTRATION", "EXERCISE"))
        assert b"this is no evidence" in files["data/index.html"]
        with pytest.raises(DemoError):
            import_bundle(*laboratory, tmp_path / "demo.bundle", shown.ledger.key.id)


# --- Restricted lists ----------------------------------------------------------------------------


@pytest.fixture
def secret_scan(office, logged_in, filled_case):
    """Return the scan of the analyser, made one of a restricted list, with what speaks of it."""
    scan = office.ledger.find(Scan, item=filled_case[1])[1]
    with office.ledger.writing("u1") as writing:
        writing.put(replace(scan.record, restricted=True, names=("Zorbium",)), "marked",
                    after=scan.revision)  # fmt: skip
    cleared = logged_in["supervisor"]
    users.add_user(office, cleared, "second", "Second", role="supervisor",
                   temporary=PASSWORD + "!")  # fmt: skip
    for text in ("about it", "it is ZORBIUM"):
        papers.add_note(office, logged_in["officer"], text, case=filled_case[0],
                        item=filled_case[1])  # fmt: skip
    return scan.record


def test_what_is_restricted_goes_out_with_who_is_cleared_only(
    office, logged_in, filled_case, secret_scan, tmp_path
):
    supervisor = logged_in["supervisor"]
    done = export_case(office, supervisor, filled_case[0], tmp_path / "a.bundle")
    files, info = read_bag(tmp_path / "a.bundle")
    assert (done.left_out, info["Spectra-Left-Out"]) == (3, "3")  # scan, exposure, note
    assert b"3 records were left out" in files["data/README.txt"]
    whole = (tmp_path / "a.bundle").read_bytes()
    assert secret_scan.id.encode() not in whole
    assert b"zorbium" not in whole.lower()
    boss = users.log_in(office, "second", PASSWORD + "!")
    users.change_password(office, boss, PASSWORD + "!", PASSWORD + "?")
    users.clear_user(office, boss, "u1", cleared=True)
    done = export_case(office, supervisor, filled_case[0], tmp_path / "b.bundle")
    assert done.left_out == 0
    assert secret_scan.id.encode() in (tmp_path / "b.bundle").read_bytes()


@pytest.mark.usefixtures("secret_scan")
def test_a_case_that_names_what_is_restricted_stays(office, logged_in, filled_case, tmp_path):
    for words in ("They said it was zorbium.", ""):
        said = {"circumstances": words}
        opening.change_case(office, logged_in["officer"], filled_case[0], said)
    with pytest.raises(WithheldError, match="may not see"):
        export_case(office, logged_in["supervisor"], filled_case[0], tmp_path / "a.bundle")
    assert not (tmp_path / "a.bundle").exists()


@pytest.mark.usefixtures("secret_scan")
def test_what_is_restricted_there_is_restricted_here(worded, two):
    boss = users.log_in(two.office, "second", PASSWORD + "!")
    users.change_password(two.office, boss, PASSWORD + "!", PASSWORD + "?")
    users.clear_user(two.office, boss, "u1", cleared=True)
    export_case(two.office, two.supervisor, two.case, two.folder / "b.bundle")
    taken = import_bundle(
        two.lab, two.chemist, two.folder / "b.bundle", two.office.ledger.key.id
    ).imported
    assert list_imports(two.lab, two.chemist) == []
    for look in (imported_records, imported_bundle):
        with pytest.raises(RecordError, match="no such record"):
            look(two.lab, two.chemist, taken.id)
    assert worded(two.lab.ledger, ImportedRecord, "zorbium") == []
    head = users.log_in(two.lab, "head", PASSWORD)
    users.clear_user(two.lab, head, "u2", cleared=True)
    assert [one.id for one in list_imports(two.lab, two.chemist)] == [taken.id]


def test_a_question_about_what_is_restricted_is_not_written_again_by_others(two, secret_scan):
    boss = users.log_in(two.office, "second", PASSWORD + "!")
    users.change_password(two.office, boss, PASSWORD + "!", PASSWORD + "?")
    users.clear_user(two.office, boss, "u1", cleared=True)
    asked = ask_laboratory(two.office, two.supervisor, two.item, two.folder / "q",
                           laboratory="L", text="?")  # fmt: skip
    assert secret_scan.id.encode() in (two.folder / "q").read_bytes()
    assert list_questions(two.office, boss) == []
    with pytest.raises(RecordError, match="no such record"):
        write_question_again(two.office, boss, asked.question, two.folder / "again")
    assert not (two.folder / "again").exists()
    assert len(list_questions(two.office, two.supervisor)) == 1


def test_evidence_that_a_click_would_run_is_nothing_to_click(
    office, logged_in, filled_case, tmp_path
):
    for name in ("run.exe", "page.html", "a.js", "b.lnk", "c.PNG"):
        papers.add_photo(office, logged_in["officer"], b"\x89PNG\r\n\x1a\n" + name.encode(), name,
                         item=filled_case[1])  # fmt: skip
    export_case(office, logged_in["supervisor"], filled_case[0], tmp_path / "x.bundle")
    listed = read_bundle((tmp_path / "x.bundle").read_bytes()).content.files
    ends = {one.name: one.path.rpartition(".")[2] for one in listed if one.what == "photo"}
    assert {ends[name] for name in ("run.exe", "page.html", "a.js", "b.lnk")} == {"bin"}
    assert ends["c.PNG"] == "png"


def test_a_question_holds_the_item_and_no_person(asked):
    files, info = read_bag(asked)
    assert info["Spectra-Kind"] == "question"
    kinds = {json.loads(line)["kind"] for line in files["data/records.jsonl"].splitlines()}
    assert "item" in kinds
    assert "case" not in kinds
    assert b"A. Sender" not in asked.read_bytes()
    assert b"Which salt is it?" in files["data/README.txt"]


def test_what_is_read_back_is_what_went_in(exported, office):
    bundle = read_bundle(exported.read_bytes())
    assert bundle.content.to_bytes() == bundle.files["data/case.json"]
    for row, record in bundle.records:
        assert office.ledger.get(type(record), row.id).record == record
        assert office.ledger.get(type(record), row.id).revision == row.revision
    assert bundle.extract.head.number == bundle.extract.entries[-1].number
    assert base64.b64decode(bundle.extract.head.signature)
    assert Path(exported).stat().st_size % 512 == 0
