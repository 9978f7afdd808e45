"""Backups: made while somebody writes, gone on with after being cut off, restored whole or not."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from spectra_app.errors import ForbiddenError, LedgerError, LogInError
from spectra_app.records.kinds import Scan
from spectra_app.records.ledger.verify import verify
from spectra_app.services import users
from spectra_app.services.audit import verify_folder
from spectra_app.services.backups import make_backup, restore
from spectra_app.services.office import open_office

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody


def scan(office, number):
    """Keep evidence and a scan that names it, as a station does."""
    kept = office.evidence.put(
        b"counts %d" % number, kind="frame", name=str(number), clock=office.clock
    )
    record = Scan(id=f"s{number}", original=kept.sha256, evidence=(kept.sha256,))
    with office.ledger.writing("u2") as writing:
        writing.put(record, "scan added")


@pytest.fixture
def worked(office, logged_in):  # noqa: ARG001  the users are there
    """Return an office with five scans."""
    for number in range(5):
        scan(office, number)
    return office


@pytest.fixture
def boss(logged_in):
    return logged_in["supervisor"]


def restored(source, folder, quick_passwords, login="supervisor", **how):
    def enter(office):
        return users.log_in(office, login, PASSWORD)

    return restore(source, folder, enter, passwords=quick_passwords, **how)


def test_a_backup_is_whole_and_holds_against_its_own_head(worked, boss, tmp_path):
    target = tmp_path / "stick"
    before = worked.ledger.head()
    made = make_backup(worked, boss, target)
    assert (made.head, made.evidence, made.copied, made.findings) == (before, 5, 5, ())
    checked = verify_folder(target / "station", evidence=target / "evidence")
    assert checked.holds
    assert checked.evidence == 5
    assert checked.result.end == before.number
    assert not (target / "station" / "keys" / "station.key").exists()
    last = worked.ledger.entries()[-1]
    assert (last.act, last.details["head"]) == ("backup made", str(before))


def test_it_is_made_while_somebody_writes(worked, boss, tmp_path):
    stop, wrote, wrong = threading.Event(), threading.Event(), []

    def write():
        try:
            for number in range(100, 10_000):
                scan(worked, number)
                wrote.set()
                if stop.is_set():
                    return
        except Exception as error:  # noqa: BLE001  it is asserted below that there was none
            wrong.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            wrote.clear()
            assert wrote.wait(30)
            acknowledged = worked.ledger.head().number
            made = make_backup(worked, boss, tmp_path / "stick")
            assert made.findings == ()
            assert made.head.number >= acknowledged
    finally:
        stop.set()
        writer.join(30)
    assert wrong == []
    station = tmp_path / "stick" / "station"
    assert verify_folder(station, evidence=tmp_path / "stick" / "evidence").holds
    assert verify(worked.ledger.folder, worked.ledger.key.public).findings == ()


def test_it_goes_on_where_it_was_cut_off_and_adds_what_is_new(worked, boss, tmp_path):
    target, steps = tmp_path / "stick", iter(range(100))

    def cut(_share, _text):
        if next(steps) == 3:
            raise InterruptedError("the stick was pulled")

    with pytest.raises(LedgerError, match="stick was pulled"):
        make_backup(worked, boss, target, progress=cut)
    assert not (target / "backup.json").exists()
    assert make_backup(worked, boss, target).copied == 2
    scan(worked, 7)
    again = make_backup(worked, boss, target)
    assert (again.copied, again.evidence, again.findings) == (1, 6, ())
    assert verify_folder(target / "station").result.end == again.head.number


def test_a_cut_between_two_backups_leaves_the_older_one(worked, boss, tmp_path):
    target = tmp_path / "stick"
    first = make_backup(worked, boss, target)
    scan(worked, 7)

    def cut(_share, _text):
        raise InterruptedError("the stick was pulled")

    with pytest.raises(LedgerError):
        make_backup(worked, boss, target, progress=cut)
    checked = verify_folder(target / "station", evidence=target / "evidence")
    assert checked.holds
    assert checked.result.end == first.head.number


def test_the_backup_of_a_broken_station_says_so(worked, boss, tmp_path):
    number = worked.ledger.get(Scan, "s2").record.original
    path = worked.evidence.path_of(number)
    path.chmod(0o600)
    path.write_bytes(b"other")
    made = make_backup(worked, boss, tmp_path / "stick")
    assert {(one.code, one.where) for one in made.findings} == {
        ("evidence_altered", number), ("evidence_missing", number),
    }  # fmt: skip
    assert made.evidence == 4


def test_a_backup_does_not_mix_with_anything_else(worked, boss, tmp_path, quick_passwords):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    for target in (tmp_path / "full", worked.ledger.folder, worked.ledger.folder / "copy"):
        with pytest.raises(LedgerError):
            make_backup(worked, boss, target)
    with open_office(tmp_path / "other", passwords=quick_passwords) as other:
        users.set_up_first_supervisor(other, "boss", "B", PASSWORD)
        session = users.log_in(other, "boss", PASSWORD)
        make_backup(other, session, tmp_path / "others")
    with pytest.raises(LedgerError, match="another station"):
        make_backup(worked, boss, tmp_path / "others")


def test_an_officer_makes_none(worked, logged_in, tmp_path):
    with pytest.raises(ForbiddenError):
        make_backup(worked, logged_in["officer"], tmp_path / "stick")
    assert not (tmp_path / "stick").exists()


def test_a_restored_station_has_everything_and_says_where_it_comes_from(
    worked, boss, tmp_path, quick_passwords
):
    made = make_backup(worked, boss, tmp_path / "stick", with_key=True)
    folder = tmp_path / "new"
    folder.mkdir()
    number = restored(tmp_path / "stick", folder, quick_passwords)
    with open_office(folder, passwords=quick_passwords) as office:
        assert office.ledger.entries(number)[0].act == "restored from a backup"
        assert office.ledger.entries(number)[0].details == {
            "head": str(made.head), "made_at": made.made_at,
        }  # fmt: skip
        stored = office.ledger.get(Scan, "s4")
        assert office.evidence.get(stored.record.original) == b"counts 4"
        assert office.evidence.verify().intact
        with office.ledger.writing("u2") as writing:
            writing.put(replace(stored.record, state="filed"), "scan filed", after=1)
    assert verify_folder(folder / "station", evidence=folder / "evidence").holds
    head = (made.head.number, made.head.sha256)
    assert verify_folder(folder / "station", [head]).holds


def test_a_restore_is_whole_or_not_at_all(worked, boss, tmp_path, quick_passwords):
    source, folder = tmp_path / "stick", tmp_path / "new"
    make_backup(worked, boss, source)
    with pytest.raises(LedgerError, match="private key"):
        restored(source, folder, quick_passwords)
    key = worked.ledger.folder / "keys" / "station.key"
    with pytest.raises(ForbiddenError):
        restored(source, folder, quick_passwords, "officer", key=key)
    with pytest.raises(LogInError):
        restored(source, folder, quick_passwords, "nobody", key=key)
    folder.mkdir()
    (folder / "something").write_text("here")
    with pytest.raises(LedgerError, match="not empty"):
        restored(source, folder, quick_passwords, key=key)
    (folder / "something").unlink()
    assert list(tmp_path.glob(".*")) == list(folder.iterdir()) == []
    assert restored(source, folder, quick_passwords, key=key) > 0


def test_what_does_not_hold_is_not_restored(worked, boss, tmp_path, quick_passwords):
    source = tmp_path / "stick"
    make_backup(worked, boss, source, with_key=True)
    path = next(path for path in (source / "evidence").glob("??/??/*"))
    path.chmod(0o600)
    sound = path.read_bytes()
    path.write_bytes(b"other")
    with pytest.raises(LedgerError, match="evidence_altered"):
        restored(source, tmp_path / "new", quick_passwords)
    path.write_bytes(sound)
    with open_office(tmp_path / "other", passwords=quick_passwords) as other:
        wrong = other.ledger.folder / "keys" / "station.key"
        with pytest.raises(LedgerError, match="another station"):
            restored(source, tmp_path / "new", quick_passwords, key=wrong)
    (source / "backup.json").unlink()
    with pytest.raises(LedgerError, match="not finished"):
        restored(source, tmp_path / "new", quick_passwords)
    assert not (tmp_path / "new").exists()
