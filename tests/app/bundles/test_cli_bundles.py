"""``spectra case export`` and what belongs to it, as somebody types it at two stations."""

from __future__ import annotations

import json
import shutil

import pytest

from spectra_app.records import passwords
from spectra_app.records.bundles import errors
from spectra_app.records.bundles.errors import BundleError
from spectra_app.records.evidence import EvidenceStore

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody


@pytest.fixture
def typed(prepared, tmp_path, monkeypatch, spectra):
    """Return what types ``spectra case ...`` at ``data`` (the mail centre) or ``laboratory``."""
    monkeypatch.setattr(passwords, "RFC_9106", passwords.Cost(1, 8, 1))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pw").write_text(PASSWORD + "\n")
    for name in ("data", "laboratory"):
        shutil.copytree(prepared[0] / name, tmp_path / name)
    logins = {"data": "supervisor", "laboratory": "chemist"}

    def run(where, *arguments, user=""):
        monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / where))
        who = user or logins[where]
        return spectra("case", *arguments, "--user", who, "--password-file", "pw")

    return run


@pytest.fixture
def done(typed):
    """Return what types a command, must succeed, and gives its JSON."""

    def run(where, *arguments, user=""):
        code, out, error = typed(where, *arguments, "--json", user=user)
        assert (code, error) == (0, "")
        return json.loads(out)

    return run


def test_a_question_goes_to_the_laboratory_and_its_answer_comes_back(typed, done, prepared):
    item = prepared[1][1]
    asked = done("data", "ask", item, "--laboratory", "State laboratory", "--question", "Which?",
                 "--out", "q.bundle", user="technician")  # fmt: skip
    seen = done("laboratory", "import", "q.bundle", "--check")
    assert seen["known"] == "unknown"
    code, _, error = typed("laboratory", "import", "q.bundle")
    assert code == 4
    assert seen["station"] in error
    assert "--trust" in error
    assert done("laboratory", "imports") == []
    taken = done("laboratory", "import", "q.bundle", "--trust", seen["station"])
    assert (taken["content"], taken["asked"], taken["item"]) == ("question", "Which?", item)
    code, out, _ = typed("laboratory", "imports", taken["id"])
    assert code == 0
    assert "white powder" in out
    done("laboratory", "answer", taken["id"], "--state", "confirmed", "--found", "amphetamine",
         "--technique", "GC-MS", "--examiner", "A. Chemist", "--out", "a.bundle")  # fmt: skip
    laboratory = done("data", "import", "a.bundle", "--check")["station"]
    code, out, _ = typed("data", "import", "a.bundle", "--trust", laboratory)
    assert (code, "confirmed amphetamine" in out) == (0, True)
    code, _, error = typed("data", "import", "a.bundle")
    assert (code, "taken in before" in error) == (3, True)
    (question,) = done("data", "questions")
    assert (question["id"], question["state"]) == (asked["question"], "answered")
    done("data", "ask", asked["question"], "--out", "again.bundle")
    (known,) = done("data", "stations")
    assert (known["id"], known["state"]) == (laboratory, "trusted")
    done("data", "stations", "--revoke", laboratory, "--why", "stolen")
    assert done("data", "stations")[0]["state"] == "revoked"


def test_a_case_is_exported_signed_by_a_person_too(typed, done, prepared, tmp_path, spectra):
    (tmp_path / "phrase").write_text("correct horse battery staple\n")
    made = ("library", "keys", "new", "--person", "Sue Per", "--out", "sue.pem",
            "--passphrase-file", "phrase")  # fmt: skip
    assert spectra(*made)[0] == 0
    case = prepared[1][0]
    sign = ("--key", "sue.pem", "--passphrase-file", "phrase")
    exported = done("data", "export", case, "--out", "c.bundle", *sign)
    assert exported["left_out"] == 0
    code, out, _ = typed("laboratory", "import", "c.bundle", "--check")
    assert code == 0
    assert "signed by Sue Per" in out
    assert "NOT known" in out
    code, _, error = typed("data", "export", case, "--out", "c.bundle")
    assert (code, "already" in error) == (3, True)
    data = bytearray((tmp_path / "c.bundle").read_bytes())
    data[20000] ^= 1
    (tmp_path / "c.bundle").write_bytes(data)
    assert typed("laboratory", "import", "c.bundle")[0] == 4


def test_damaged_evidence_is_not_exported_around(typed, prepared, tmp_path):
    store = EvidenceStore(tmp_path / "data" / "evidence")
    path = store.path_of(store.received().receipts[0].sha256)
    path.chmod(0o600)
    path.write_bytes(b"another")
    code, _, error = typed("data", "export", prepared[1][0], "--out", "c.bundle")
    assert (code, "damaged" in error) == (3, True)
    assert not (tmp_path / "c.bundle").exists()


def test_each_reason_has_its_own_code_and_its_line_in_the_drawing():
    kinds = BundleError.__subclasses__()
    assert len({kind.code for kind in kinds} | {BundleError.code}) == len(kinds) + 1
    assert all(kind.__name__ in errors.__doc__ for kind in kinds)
