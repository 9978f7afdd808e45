"""Keys, release, install, rollback, diff and merge as a laboratory and a station use them."""

from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import h5py
import numpy as np
import pytest

from library.errors import RevokedKeyError, RootError
from library.layout import WHOLE, whole_hash
from library.package import read_package
from library.seal import seal
from library.store import Library
from library.trust_store import load_trust
from spectra_app.errors import ForbiddenError
from spectra_app.records import passwords
from spectra_app.services.keys import open_private, proposed, revoke_here, take_in
from spectra_app.services.office import open_office
from spectra_app.services.releasing import Wanted
from spectra_app.services.station import Station, now_utc
from spectra_app.services.station_release import cosign_here, release_here

WORDS = ("four random words here", "and four others there")
NAMES = ("urea", "glucose", "caffeine")
ONE_KEY, OTHER_KEY = "XSQUKJJJFZCRTK-UHFFFAOYSA-N", "WQZGKKKJIJFFOK-GASJEMHNSA-N"
HEAD = "file,name,inchikey,laser_nm,status,status_by,status_at,status_reason"


@pytest.fixture
def build(tmp_path, scan_text, spectra):
    """Return a function that builds a library: name -> (status, seed of its noise)."""

    def made(target, **entries):
        folder = tmp_path / f"{Path(target).stem}-files"
        folder.mkdir()
        rows = [HEAD]
        for name, (status, seed, *others) in entries.items():
            (folder / f"{name}.csv").write_text(scan_text(name, seed=seed), encoding="utf-8")
            key, laser = (*others, "", "785")[:2] if others else ("", "785")
            rows.append(f"{name}.csv,{name},{key},{laser},{status},A. Chemist,2026-11-20,old lot")
        (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        path = tmp_path / target
        code, _, err = spectra("library", "build", folder, "--out", path, "--name", "Example")
        assert code == 0, err
        return path

    return made


@pytest.fixture
def keys(tmp_path, spectra):
    """Return the private key files of two persons, and the options that open each."""
    made = []
    for person, words in zip(("A. Chemist", "B. Supervisor"), WORDS, strict=True):
        path, secret = tmp_path / f"{person[0]}.pem", tmp_path / f"{person[0]}.words"
        secret.write_text(words + "\n", encoding="utf-8")
        code, out, err = spectra(
            "library", "keys", "new", "--person", person, "--out", path, "--passphrase-file", secret
        )
        assert code == 0, err
        assert person in out
        made.append((path, ("--passphrase-file", secret)))
    return made


@pytest.fixture
def trusting(spectra, keys):
    """Let the station trust both persons."""
    pubs = [path.with_suffix(".pub") for path, _ in keys]
    code, out, _ = spectra("library", "keys", "trust", *pubs, "--yes")
    assert code == 0
    assert "A. Chemist" in out


def release(spectra, library, out, keys, *more):
    (a, open_a), (b, open_b) = keys
    arguments = ("--key", a, "--cosign", b, "--out", out, *open_a, *open_b)
    return spectra("library", "release", library, *arguments, *more)


def test_keys_are_encrypted_private_and_never_replaced(tmp_path, keys, spectra):
    path, (_, secret) = keys[0]
    assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = spectra(
        "library", "keys", "new", "--person", "X", "--out", path, "--passphrase-file", secret
    )
    assert again[0] == 3
    assert "never replaced" in again[2]
    nobody = ("library", "keys", "new", "--person", "X", "--out", tmp_path / "x.pem")
    code, _, err = spectra(*nobody)  # there is no terminal to ask at, and no default
    assert code == 3
    assert "--passphrase-file" in err
    assert not (tmp_path / "x.pem").exists()


@pytest.mark.usefixtures("trusting")
def test_a_verdict_says_that_a_key_of_the_installed_library_was_revoked_or_it_expired(
    tmp_path, build, keys, spectra, scan_text
):
    library, package = build("one.h5", urea=("released", 9)), tmp_path / "one.spkg"
    assert release(spectra, library, package, keys)[0] == 0
    assert spectra("library", "install", package, "--yes")[0] == 0
    scan = tmp_path / "scan.csv"
    scan.write_text(scan_text("urea", seed=3), encoding="utf-8")
    before = json.loads(spectra("identify", scan, "--json")[1])
    assert before["library"]["notes"] == []
    station = Station()
    (key, *_) = load_trust(station.trust_path).root.keys
    revoke_here(key.id, station, reason="stolen", by="C. Head", now=now_utc())
    assert spectra("library", "verify")[0] == 4
    after = json.loads(spectra("identify", scan, "--json")[1])
    assert (after["outcome"], after["reasons"]) == (before["outcome"], before["reasons"])
    (told,) = after["library"]["notes"]
    assert "was revoked" in told
    later = now_utc() + timedelta(days=800)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spectra_app.services.standing.now_utc", lambda: later)
        out = spectra("identify", scan)[1]
    assert "LIBRARY: a key that signed the installed library was revoked" in out
    assert "LIBRARY: the installed library expired on" in out
    other = json.loads(spectra("identify", scan, "--library", library, "--json")[1])
    assert (
        other["library"]["notes"] == [] or other["library"]["sha256"] == after["library"]["sha256"]
    )


@pytest.mark.usefixtures("trusting")
def test_from_two_persons_to_a_station_and_back(tmp_path, build, keys, spectra, scan_text):
    old = build("old.h5", urea=("released", 9), glucose=("released", 9), caffeine=("draft", 9))
    new = build("new.h5", urea=("released", 9), glucose=("withdrawn", 9), caffeine=("released", 9))
    first, second = tmp_path / "first.spkg", tmp_path / "second.spkg"
    code, out, _ = release(spectra, old, first, keys, "--notes", "first lots")
    assert code == 0
    assert "number 1: 2 entries" in out
    assert "left out, not released or replaced by a later version: 1 draft" in out
    assert spectra("library", "verify", first)[0] == 0
    code, out, err = spectra("library", "install", first)
    assert code == 3  # nobody agreed
    assert "--yes" in err
    assert "A. Chemist" in out
    assert "NOT KNOWN" in out
    assert ", 0 withdrawn, " in out  # the starter library is left, nobody withdrew it
    assert ": not in the new one" in out
    assert spectra("library", "install", first, "--yes")[0] == 0
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in NAMES:
        (scans / f"{name}.csv").write_text(scan_text(name, seed=3), encoding="utf-8")
    assert spectra("batch", scans, "--out", tmp_path / "results.jsonl")[0] == 0
    assert spectra("batch", scans, "--out", tmp_path / "table.csv")[0] == 0
    code, out, _ = release(spectra, new, second, keys, "--json")
    assert code == 0
    assert json.loads(out)["sequence"] == 2
    code, out, _ = spectra(
        "library", "install", second, "--results", tmp_path / "results.jsonl", "--json", "--yes"
    )
    report = json.loads(out)
    assert (report["added"], report["withdrawn"], report["changed"]) == (1, 1, 0)
    gone = next(one for one in report["substances"] if one["withdrawn"])
    assert gone["withdrawn"][0]["reason"] == "old lot"
    told = spectra("library", "diff", first, second)[1]
    assert f"withdrawn  {gone['withdrawn'][0]['entry']}  glucose: old lot" in told
    assert "1 added, 1 withdrawn, 0 not in the new one, 0 changed" in told
    changed = {Path(one["file"]).stem: one for one in report["results"]["changed"]}
    assert changed.keys() == {"glucose", "caffeine"}
    assert changed["glucose"]["before"]["names"] == ["glucose"]
    assert changed["glucose"]["after"]["names"] == []
    assert changed["caffeine"]["after"]["names"] == ["caffeine"]
    assert {one["because"] for one in changed.values()} == {"library"}
    code, _, err = spectra("library", "install", first, "--yes")
    assert code == 4
    assert "older" in err
    code, out, _ = spectra(
        "library", "rollback", "--reason", "false alarms", "--by", "C. Head", "--yes", "--json"
    )
    assert (code, json.loads(out)["sequence"]) == (0, 1)
    assert "2 measured" in spectra("library", "info")[1]
    journal = Path(os.environ["SPECTRA_HOME"]) / "libraries" / "journal.jsonl"
    last = json.loads(journal.read_text().splitlines()[-1])
    assert (last["act"], last["details"]["by"]) == ("rolled back", "C. Head")
    assert last["details"]["reason"] == "false alarms"
    journal.write_text(
        journal.read_text().replace("C. Head", "D. Nobody", 1).replace('"number": 3', '"number": 4')
    )
    assert spectra("library", "verify")[0] == 4


@pytest.mark.usefixtures("trusting")
def test_the_second_person_signs_later(tmp_path, build, keys, spectra):
    library, out = build("one.h5", urea=("released", 9)), tmp_path / "one.spkg"
    (a, open_a), (b, open_b) = keys
    code, text, _ = spectra("library", "release", library, "--key", a, "--out", out, *open_a)
    assert code == 0
    assert "2 different persons" in text
    assert spectra("library", "install", out, "--yes")[0] == 4
    assert spectra("library", "cosign", out, "--key", a, *open_a, "--yes")[0] == 4  # same person
    code, text, _ = spectra("library", "cosign", out, "--key", b, *open_b, "--yes")
    assert code == 0
    assert "complete" in text
    assert spectra("library", "install", out, "--yes")[0] == 0
    same = ("--key", a, "--cosign", a, "--out", tmp_path / "x.spkg", *open_a, *open_a)
    assert spectra("library", "release", library, *same)[0] == 4


def test_what_is_not_released_does_not_go_out(tmp_path, build, keys, spectra):
    library = build("draft.h5", urea=("reviewed", 9), glucose=("draft", 9))
    code, _, err = release(spectra, library, tmp_path / "x.spkg", keys)
    assert code == 3
    assert "no entry has the status released" in err
    assert not (tmp_path / "x.spkg").exists()


@pytest.mark.usefixtures("trusting")
def test_keys_are_listed_revoked_and_rotated(tmp_path, build, keys, spectra):
    package = tmp_path / "one.spkg"
    assert release(spectra, build("one.h5", urea=("released", 9)), package, keys)[0] == 0
    rows = [
        json.loads(line)
        for line in spectra("library", "keys", "list", "--json")[1].split("\n")
        if line
    ]
    ids = {row["person"]: row["key"] for row in rows}
    secret = tmp_path / "c.words"
    secret.write_text("yet another four words\n")
    third = tmp_path / "c.pem"
    spectra(
        "library", "keys", "new", "--person", "C. New", "--out", third, "--passphrase-file", secret
    )
    (a, open_a), (b, open_b) = keys
    draft, final = tmp_path / "draft.json", tmp_path / "final.json"
    code, out, _ = spectra(
        "library", "keys", "rotate", "--add", third.with_suffix(".pub"), "--drop",
        ids["B. Supervisor"][:12], "--key", a, "--key", b, *open_a, *open_b, "--out", draft,
    )  # fmt: skip
    assert code == 0
    assert "not yet complete" in out
    assert spectra("library", "keys", "trust", draft, "--yes")[0] == 4
    code, out, _ = spectra(
        "library", "keys", "rotate", "--sign-list", draft, "--key", third, "--passphrase-file",
        secret, "--out", final,
    )  # fmt: skip
    assert "complete: stations" in out
    assert spectra("library", "keys", "trust", final, "--yes")[0] == 0
    assert spectra("library", "install", package, "--yes")[0] == 4  # B is not trusted any more
    code, _, _ = spectra(
        "library", "keys", "revoke", ids["A. Chemist"][:12], "--reason", "lost", "--by", "C. New"
    )
    assert code == 0
    assert "REVOKED" in spectra("library", "keys", "list")[1]
    code, _, err = spectra("library", "verify", package)
    assert code == 4
    assert "revoked" in err


@pytest.mark.usefixtures("trusting")
def test_an_installed_library_is_used_and_never_replaced_in_silence(
    tmp_path, build, keys, spectra, scan_text
):
    """Without ``--library``; when it is damaged the starter library does not step in."""
    package, scan = tmp_path / "one.spkg", tmp_path / "scan.csv"
    scan.write_text(scan_text("urea", seed=3), encoding="utf-8")
    assert "Starter" in spectra("identify", scan, "--json")[1]
    assert release(spectra, build("one.h5", urea=("released", 9)), package, keys)[0] == 0
    assert spectra("library", "install", package, "--yes")[0] == 0
    record = json.loads(spectra("identify", scan, "--json")[1])
    assert (record["outcome"], record["library"]["name"]) == ("match", "Example")
    home = Path(os.environ["SPECTRA_HOME"]) / "libraries"
    installed = next((home / "installed").glob("*/library.h5"))
    other = build("other.h5", glucose=("released", 9))
    kept = installed.read_bytes()
    installed.write_bytes(other.read_bytes())
    assert spectra("identify", scan)[0] == 4
    installed.unlink()
    assert spectra("identify", scan)[0] == 3
    installed.write_bytes(kept)
    pointer = (home / "active.json").read_text()
    for damage in (lambda path: path.write_text("{}"), Path.unlink):
        damage(home / "active.json")
        assert spectra("identify", scan)[0] == 4
    (home / "active.json").write_text(pointer)
    assert spectra("identify", scan)[0] == 0


@pytest.mark.usefixtures("trusting")
def test_a_lost_library_is_mended_by_installing_the_package_again(
    tmp_path, build, keys, spectra, scan_text
):
    package, scan = tmp_path / "one.spkg", tmp_path / "scan.csv"
    scan.write_text(scan_text("urea", seed=3), encoding="utf-8")
    assert release(spectra, build("one.h5", urea=("released", 9)), package, keys)[0] == 0
    assert spectra("library", "install", package, "--yes")[0] == 0
    home = Path(os.environ["SPECTRA_HOME"]) / "libraries"
    installed = next((home / "installed").glob("*/library.h5"))
    for lost, refused in ((installed, 3), (home / "active.json", 4)):
        lost.unlink()
        assert spectra("identify", scan)[0] == refused
        code, out, err = spectra("library", "install", package, "--yes")
        assert code == 0, err
        assert "cannot be opened" in out
        assert spectra("identify", scan)[0] == 0


@pytest.mark.usefixtures("trusting")
def test_going_back_mends_a_pointer_that_was_lost(tmp_path, build, keys, spectra):
    package = tmp_path / "one.spkg"
    assert release(spectra, build("one.h5", urea=("released", 9)), package, keys)[0] == 0
    assert spectra("library", "install", package, "--yes")[0] == 0
    (Path(os.environ["SPECTRA_HOME"]) / "libraries" / "active.json").write_text("{}")
    assert spectra("library", "verify")[0] == 4
    back = ("--reason", "pointer was lost", "--by", "C. Head", "--yes")
    code, _, err = spectra("library", "rollback", *back)
    assert code == 0, err
    assert spectra("library", "verify")[0] == 0


def test_libraries_are_merged_only_when_people_have_decided(tmp_path, build, spectra):
    a = build("a.h5", urea=("released", 9, ONE_KEY), glucose=("released", 9))
    b = build(
        "b.h5", urea=("released", 9, OTHER_KEY), glucose=("released", 5), caffeine=("draft", 9)
    )
    out, report, choices = (tmp_path / name for name in ("c.h5", "c.conflicts.json", "d.json"))
    code, _, err = spectra("library", "merge", a, b, "--out", out)
    assert code == 3
    assert "not decided" in err
    assert not out.exists()
    content = json.loads(report.read_text())
    kinds = {one["kind"]: one for one in content["conflicts"]}
    assert kinds.keys() == {"same name, different identity", "same substance, different spectra"}
    spectra_differ = kinds["same substance, different spectra"]
    assert spectra_differ["subject"] == "glucose"
    assert spectra_differ["least_alike"] > 0.9
    identity = kinds["same name, different identity"]
    assert identity["choices"] == ["1", "2"]
    for wrong in ({identity["key"]: "both"}, {"nothing": "1"}, {identity["key"]: 1}):
        choices.write_text(json.dumps({"decisions": wrong}))
        assert spectra("library", "merge", a, b, "--out", out, "--decisions", choices)[0] == 3
    made = {identity["key"]: "1", "same substance, different spectra": "both"}
    choices.write_text(json.dumps({"decisions": made}))
    code, text, _ = spectra("library", "merge", a, b, "--out", out, "--decisions", choices)
    assert code == 0, text
    rows = [json.loads(line) for line in spectra("library", "list", out, "--json")[1].splitlines()]
    assert sorted(row["name"] for row in rows) == ["caffeine", "glucose", "glucose", "urea"]
    assert spectra("library", "verify", out)[0] == 0
    acts = [
        json.loads(line)
        for line in spectra("library", "history", out, "--json")[1].split("\n")[:-1]
    ]
    released = {row["entry"] for row in rows if row["name"] != "caffeine"}
    assert {act["entry"] for act in acts} == released  # the journals came along
    assert spectra("library", "merge", a, b, "--out", a)[0] == 3
    code, text, _ = spectra("library", "diff", a, out)
    assert "2 added, 0 withdrawn, 0 not in the new one, 0 changed" in text


@pytest.mark.usefixtures("trusting")
def test_an_installed_library_made_consistent_again_is_still_not_the_one_signed(
    tmp_path, build, keys, spectra
):
    """Search rows replaced, every hash inside the file made anew: its substance is never found."""
    package = tmp_path / "one.spkg"
    release(spectra, build("l.h5", urea=("released", 9), glucose=("released", 9)), package, keys)
    assert spectra("library", "install", package, "--yes")[0] == 0
    assert spectra("library", "verify")[0] == 0
    path = next(Station().installed.glob("*/library.h5"))
    with Library(path) as library:
        attributes, arrays = library.content()
        changed = {name: np.array(array) for name, array in arrays.items()}
    changed["search/rows"][0] = changed["search/rows"][1]
    with h5py.File(path, "r+") as file:
        file["search/rows"][...] = changed["search/rows"]
        file.attrs[WHOLE] = whole_hash(attributes, changed)
    seal(path)
    with Library(path) as library:
        library.verify()
    code, _, err = spectra("library", "verify")
    assert code == 4
    assert "not the one that was signed" in err


@pytest.mark.usefixtures("trusting")
def test_a_key_revoked_while_a_list_is_shown_stays_revoked(tmp_path, keys, spectra):
    station, now = Station(), now_utc()
    (a, open_a), (b, open_b) = keys
    out = tmp_path / "list.json"
    code, _, err = spectra(
        "library", "keys", "rotate", "--key", a, "--key", b, "--out", out, *open_a, *open_b
    )
    assert code == 0, err
    agreed = proposed([out], station, now)
    key = load_trust(station.trust_path).root.keys[0].id
    revoke_here(key, station, reason="stolen", by="C. Head", now=now)
    with pytest.raises(RevokedKeyError):
        take_in([out], agreed, station, now)
    assert [one.key for one in load_trust(station.trust_path).revoked_here] == [key]


@pytest.mark.usefixtures("trusting")
def test_first_keys_are_not_replaced_by_others_that_were_shown_before(keys, spectra_home):
    station, now = Station(spectra_home / "other"), now_utc()
    pubs = [path.with_suffix(".pub") for path, _ in keys]
    agreed = proposed(pubs, station, now)
    take_in(pubs, agreed, station, now)
    with pytest.raises(RootError, match="trusted keys already"):
        take_in(pubs, agreed, station, now)


def test_a_release_that_would_never_expire_is_refused_in_words(tmp_path, build, keys, spectra):
    library = build("l.h5", urea=("released", 9))
    code, _, err = release(spectra, library, tmp_path / "x", keys, "--expires", 99_999_999_999)
    assert code == 3
    assert "is no date" in err


# --- A station with users ------------------------------------------------------------------------


@pytest.fixture
def at_station(office, logged_in, build, keys, tmp_path):
    """Return a function that releases at a station that was set up, by two of its users."""
    library = build("one.h5", urea=("released", 9))
    opened = [open_private(path, lambda _title, said=said: said)
              for (path, _), said in zip(keys, WORDS, strict=True)]  # fmt: skip

    def released(first, second, count=2):
        return release_here(
            office, logged_in[first], logged_in[second], library, tmp_path / "one.spkg",
            keys=opened[:count], wanted=Wanted(), now=now_utc(),
        )  # fmt: skip

    return released, opened


def test_a_station_releases_by_two_of_its_users(office, at_station):
    released, keys = at_station
    for first, second in (("officer", "supervisor"), ("technician", "officer"),
                          ("technician", "technician"), ("supervisor", "technician")):  # fmt: skip
        with pytest.raises(ForbiddenError):
            released(first, second)
    assert "library released" not in [one.act for one in office.ledger.entries()]
    done = released("technician", "supervisor")
    entry = office.ledger.entries()[-1]
    assert (entry.act, entry.details["sequence"]) == ("library released", 1)
    assert entry.details["manifest"] == read_package(done.path).signed.sha256
    assert entry.details["keys"].split() == [key.id for key in keys]
    assert entry.details["second"] != entry.user


def test_the_second_signature_is_a_users_too(office, logged_in, at_station):
    released, keys = at_station
    package = read_package(released("technician", "supervisor", 1).path)
    with pytest.raises(ForbiddenError):
        cosign_here(office, logged_in["officer"], package, keys[1], now=now_utc())
    cosign_here(office, logged_in["supervisor"], package, keys[1], now=now_utc())
    assert len(read_package(package.path).signed.signatures) == 2
    assert office.ledger.entries()[-1].act == "library release signed"


def test_once_a_station_has_users_the_command_asks_who(spectra, build, keys, tmp_path, monkeypatch):
    monkeypatch.setattr(passwords, "RFC_9106", passwords.Cost(1, 8, 1))
    library, package = build("one.h5", urea=("released", 9)), tmp_path / "one.spkg"
    assert release(spectra, library, package, keys)[0] == 0
    words = tmp_path / "password"
    words.write_text("seven green herons wade\n", encoding="utf-8")
    assert spectra("users", "setup", "s", "--name", "Sue", "--new-password-file", words)[0] == 0
    for more, said in (((), "this station has users"),
                       (("--user", "s", "--password-file", words), "an act of two")):  # fmt: skip
        code, _, err = release(spectra, library, tmp_path / "two.spkg", keys, *more)
        assert (code, said in err) == (3, True)
        assert not (tmp_path / "two.spkg").exists()
    a, open_a = keys[0]
    code, _, err = spectra("library", "cosign", package, "--key", a, "--yes", *open_a)
    assert (code, "this station has users" in err) == (3, True)


@pytest.mark.usefixtures("trusting")
def test_once_a_station_has_users_only_its_supervisor_installs_and_goes_back(
    spectra, build, keys, tmp_path, request
):
    package, words = tmp_path / "one.spkg", tmp_path / "password"
    library = build("one.h5", urea=("released", 9))
    assert release(spectra, library, package, keys)[0] == 0
    words.write_text(request.getfixturevalue("staffed"), encoding="utf-8")
    boss = ("--user", "supervisor", "--password-file", words)
    officer = ("--user", "officer", "--password-file", words)
    back = ("rollback", "--reason", "false alarms", "--by", "B")
    for act in (("install", package), back):
        for who, said in (((), "this station has users"), (officer, "may not")):
            code, _, err = spectra("library", *act, "--yes", *who)
            assert (code, said in err) == (3, True), err
    code, _, err = spectra("library", "install", package, "--yes", *boss)
    assert (code, "was not looked at" in err) == (4, True), err
    assert Station().active() is None
    more = ("--reason", "the first one", "--yes")
    code, _, err = spectra("library", "install", package, *more, *boss)
    assert code == 0, err
    with open_office() as office:
        entries = office.ledger.entries()
    (entry,) = (one for one in entries if one.act == "package installed")
    assert (entry.user, entry.details["reason"]) == ("u1", "the first one")
