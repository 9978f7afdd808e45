"""Signed control lists: installed whole, refused with a reason, never back in silence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import resources
from library.control import control_lists
from library.entry import EntryRecord
from library.errors import (
    BadSignatureError,
    ExpiredError,
    LibraryDamagedError,
    ListPackError,
    NoTrustedKeysError,
    RevokedKeyError,
    RollbackError,
    SamePersonError,
    TooFewSignaturesError,
    UnknownKeyError,
)
from library.listpack import TABLES, pack, unpack
from library.trust import Trust
from library.trust_store import load_trust, save_trust
from library.trusted_keys import Revocation, TrustedKey, first_root
from matching.errors import SpectraError
from spectra_app.app import main
from spectra_app.errors import JournalError, SettingsError
from spectra_app.services import lists as service
from spectra_app.services.control import control_setup, control_status

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
EDITION = date(2026, 11, 1)
WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def tables() -> dict[str, bytes]:
    """Return the shipped tables with one more substance and every list read to November."""
    found = {name: resources.path(f"control_lists/{name}").read_bytes() for name in TABLES}
    new = (
        "N0001,,novelnitazene,,UN 1961,Schedule I,listed,2026-10-20,2026-10-20,,,2026-10-20,"
        "2026-11-01,A,,SRC23,decision,\n"
    )
    found["control.csv"] += new.encode()
    return found


@pytest.fixture
def packed(tables, persons, tmp_path):
    """Return a function that writes a signed file."""

    def write(edition=EDITION, signers=(0, 1), name="x", changed=None, **more):
        content = {**tables, **(changed or {})}
        made = pack(content, edition=edition, title="Test lists", created=NOW, **more)
        signed = made.signed
        for number in signers:
            signed = signed.with_signature(persons[0][number].sign(signed.payload))
        path = tmp_path / f"{name}.spectra-lists"
        path.write_bytes(replace(made, signed=signed).to_bytes())
        return path

    return write


def in_force(name, on=date(2026, 11, 22)):
    found, alarm = control_status(EntryRecord("x", name), on, control_setup())
    return {(one.instrument, one.schedule) for one in found}, alarm


def test_a_signed_file_takes_the_place_of_the_shipped_lists(trusting, packed):
    assert in_force("novelnitazene")[0] == set()
    shipped = service.in_use()
    found = service.install(packed(), trusting, NOW)
    assert in_force("novelnitazene") == ({("UN 1961", "Schedule I")}, "controlled")
    assert in_force("novelnitazene", date(2026, 10, 19))[0] == set()
    used = service.in_use()
    assert (used.edition, used.title) == (EDITION, "Test lists")
    assert used.sha256 != shipped.sha256
    assert control_setup().asked(NOW.date()).sha256 == used.sha256
    assert [one.words for one in found.changes if one.goes_back] == []
    acts = service.history()
    assert [act.act for act in acts] == ["install begun", "installed"]
    assert acts[-1].details["replaced"] == shipped.sha256
    assert service.verify(used.path, trusting, NOW).older_than is None


def test_an_older_edition_needs_a_reason_and_leaves_a_trace(trusting, packed):
    service.install(packed(), trusting, NOW)
    old = packed(date(2026, 10, 15), name="old")
    with pytest.raises(RollbackError, match="older than 2026-11-01"):
        service.install(old, trusting, NOW)
    with pytest.raises(RollbackError):
        service.install(old, trusting, NOW, reason="because")
    service.install(old, trusting, NOW, reason="wrong row in November", by="the supervisor")
    assert service.in_use().edition == date(2026, 10, 15)
    last = service.history()[-1]
    assert (last.act, last.details["reason"]) == ("went back", "wrong row in November")
    # going back does not make the station forget what it has seen
    older = packed(date(2026, 10, 20), name="older")
    with pytest.raises(RollbackError, match="seen here before"):
        service.install(older, trusting, NOW)
    assert max(one.sequence for one in load_trust(trusting.trust_path).highest) == 20261101


def test_older_than_the_shipped_lists_is_older_too(trusting, packed):
    with pytest.raises(RollbackError, match="2026-10-01"):
        service.install(packed(date(2026, 9, 1)), trusting, NOW)
    assert service.in_use().path is None


def test_a_list_that_gets_lost_or_goes_back_needs_a_reason(trusting, packed, tables):
    lines = tables["lists.csv"].decode().splitlines()
    back = [line.replace("2026-10-01,yes", "2020-10-01,yes") for line in lines]
    assert back != lines
    path = packed(changed={"lists.csv": "\n".join(back).encode() + b"\n"})
    with pytest.raises(RollbackError, match="UN 1988: GOES BACK"):
        service.install(path, trusting, NOW)
    kept = [line for line in lines if not line.startswith("US CSA")]
    rows = tables["control.csv"].decode().splitlines()
    fewer = {
        "lists.csv": "\n".join(kept).encode() + b"\n",
        "control.csv": "\n".join(r for r in rows if ",US CSA," not in r).encode() + b"\n",
    }
    path = packed(changed=fewer, name="fewer")
    with pytest.raises(RollbackError, match="US CSA: NO LONGER THERE"):
        service.install(path, trusting, NOW)
    (trusting.folder / "station.json").write_text('{"jurisdictions": ["US"]}', encoding="utf-8")
    with pytest.raises(SettingsError, match="do not answer"):
        service.install(path, trusting, NOW, reason="x", by="y")


def test_the_same_date_with_other_content_is_refused(trusting, packed, tables):
    service.install(packed(), trusting, NOW)
    service.install(packed(), trusting, NOW)  # the same again is no harm
    other = packed(
        name="other",
        changed={"sources.csv": tables["sources.csv"].replace(b"SRC01,", b"SRC01, ", 1)},
    )
    with pytest.raises(RollbackError, match="same number"):
        service.install(other, trusting, NOW, reason="x", by="y")


@pytest.mark.parametrize(
    ("signers", "error"),
    [
        ((), TooFewSignaturesError),
        ((0,), TooFewSignaturesError),
        ((0, 2), UnknownKeyError),
        ((2,), UnknownKeyError),
    ],
)
def test_two_known_persons_must_have_signed(trusting, packed, signers, error):
    with pytest.raises(error):
        service.install(packed(signers=signers), trusting, NOW)
    assert service.in_use().path is None
    assert service.history() == []


def test_dates_revocation_and_persons_count(trusting, packed, persons):
    path = packed(expires=NOW + timedelta(days=10))
    with pytest.raises(ExpiredError):
        service.install(path, trusting, NOW + timedelta(days=11))
    service.install(path, trusting, NOW)
    late = NOW + timedelta(days=11)
    assert service.verify(service.in_use().path, trusting, late, installed=True).pack
    gone = Revocation(persons[0][1].id, "2026-11-22T00:00:00Z", "lost")
    save_trust(trusting.trust_path, persons[1].revoked(gone))
    with pytest.raises(RevokedKeyError):
        service.verify(path, trusting, NOW)
    one = [TrustedKey(key.public, name) for key, name in zip(persons[0], "AAB", strict=True)]
    save_trust(trusting.trust_path, Trust(first_root(one, NOW)))
    with pytest.raises(SamePersonError):
        service.verify(path, trusting, NOW)
    trusting.trust_path.unlink()
    with pytest.raises(NoTrustedKeysError):
        service.verify(path, trusting, NOW)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), head=st.booleans())
def test_one_flipped_bit_anywhere_is_refused(trusting, packed, place, bit, head):
    path = packed()
    data = bytearray(path.read_bytes())
    span = data.index(b"\n") + 1 if head else len(data)
    data[int(place * span)] ^= 1 << bit
    path.write_bytes(bytes(data))
    with pytest.raises(SpectraError):
        service.install(path, trusting, NOW)
    assert service.in_use().path is None


def test_cut_or_longer_files_and_other_files_are_refused(trusting, packed, tables):
    path = packed()
    data = path.read_bytes()
    for part in (b"", b"{", data[:200], data[:-1], data + b"\n", b"PK\x03\x04" + data, b"{}\n"):
        with pytest.raises(SpectraError):
            unpack(part)
    with pytest.raises(ListPackError, match="cut off"):
        unpack(data[:-1])
    altered = data.replace(b"novelnitazene", b"novelnitazenx")
    with pytest.raises(LibraryDamagedError, match=r"control\.csv is not the one that was signed"):
        unpack(altered)
    signature = data.index(b'"signature":"') + 20
    forged = data[:signature] + bytes([data[signature] ^ 1]) + data[signature + 1 :]
    path.write_bytes(forged)
    with pytest.raises(BadSignatureError):
        service.verify(path, trusting, NOW)
    with pytest.raises(LibraryDamagedError, match="do not fit together"):
        pack({**tables, "lists.csv": b"a,b\n"}, edition=EDITION, title="", created=NOW)


def test_damage_after_installing_is_refused_and_shipped_lists_do_not_step_in(trusting, packed):
    service.install(packed(), trusting, NOW)
    path = service.in_use().path
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"novelnitazene", b"novelnitazenx"))
    with pytest.raises(LibraryDamagedError):
        control_setup()
    path.unlink()
    with pytest.raises(LibraryDamagedError):
        control_setup()
    path.write_bytes(whole)
    control_setup()
    lines = service.journal().path.read_bytes()
    service.journal().path.write_bytes(lines.replace(b"Test lists", b"Best lists"))
    with pytest.raises(JournalError):
        service.history()


def test_an_event_that_nobody_knows_is_refused(tables):
    strange = tables["control.csv"].replace(b",Schedule I,listed,2026-10-20", b",Schedule I,xxx,,")
    with pytest.raises(LibraryDamagedError):
        pack({**tables, "control.csv": strange}, edition=EDITION, title="", created=NOW)
    assert control_lists().lists


def test_the_commands_from_keys_to_history(spectra_home, tables, tmp_path, capsys):
    for name, data in tables.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "pass.txt").write_text(f"{WORDS}\n", encoding="utf-8")
    secret = ("--passphrase-file", str(tmp_path / "pass.txt"))
    keys = [tmp_path / f"{name}.pem" for name in "ab"]
    for key, person in zip(keys, ("Person One", "Person Two"), strict=True):
        assert main(["library", "keys", "new", "--out", str(key), "--person", person, *secret]) == 0
    public = [str(key.with_suffix(".pub")) for key in keys]
    assert main(["library", "keys", "trust", *public, "--yes"]) == 0
    out = tmp_path / "new.spectra-lists"
    edition = ("--edition", "2026-11-01", "--title", "November")
    one = ("--key", str(keys[0]), "--out", str(out))
    assert main(["lists", "pack", str(tmp_path), *edition, *one, *secret]) == 0
    assert main(["lists", "install", str(out), "--yes"]) == 4
    assert "persons must sign" in capsys.readouterr().err
    assert main(["lists", "cosign", str(out), "--key", str(keys[1]), *secret]) == 0
    assert main(["lists", "verify", str(out)]) == 0
    assert main(["lists", "install", str(out), "--yes"]) == 0
    capsys.readouterr()
    assert main(["lists", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "November"
    assert main(["lists", "verify"]) == 0
    assert main(["lists", "history"]) == 0
    assert "Person Two" in capsys.readouterr().out
    assert main(["substances", "find", "novelnitazene", "--date", "2026-11-22", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["found"][0]["control"]
    assert found["alarm"] == "controlled"
    assert Path(spectra_home / "control-lists" / "current.json").is_file()
