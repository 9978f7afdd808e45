"""Keys, canonical JSON and signatures."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.errors import BadSignatureError, KeyFileError, NotCanonicalError
from library.signing import (
    PublicKey,
    Signature,
    Signed,
    canonical,
    genuine,
    key_id,
    new_key,
    open_key,
    parse_canonical,
)

WORDS = "correct horse battery staple"
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def pair():
    return new_key(WORDS, iterations=1000)


@given(PLAIN)
def test_canonical_json_is_json_with_one_form(value):
    data = canonical(value)
    assert json.loads(data) == value
    assert parse_canonical(data) == value
    assert data.isascii()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1} ',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b"NaN",
        b"-0",
        b'"\xc3\xa9"',
        b'"\\u0041"',
        b'"\\ud800"',
        b"\xff",
        b"[" * 100_000,
        b"9" * 10_000,
    ],
)
def test_any_other_form_is_refused(data):
    with pytest.raises(NotCanonicalError):
        parse_canonical(data, "file")


@pytest.mark.parametrize("value", [1.5, {1: "a"}, b"x", "\ud800", (1, 2)])
def test_what_has_more_than_one_form_is_not_written(value):
    with pytest.raises(NotCanonicalError):
        canonical(value)


def test_a_key_signs_and_only_its_own_signature_over_the_same_bytes_is_genuine(pair):
    pem, public = pair
    key = open_key(pem, WORDS)
    assert (key.public, key.id) == (public, key_id(public))
    signature = key.sign(b"{}")
    assert genuine(b"{}", signature, public)
    assert not genuine(b"{} ", signature, public)
    for place in range(64):
        altered = bytearray(signature.signature)
        altered[place] ^= 1
        assert not genuine(b"{}", Signature(key.id, bytes(altered)), public)
    assert not genuine(b"{}", signature, new_key(WORDS, iterations=1000)[1])
    assert "private" not in repr(key)


def test_a_private_key_opens_with_its_passphrase_only(pair):
    pem, _ = pair
    for wrong in (WORDS + " ", ""):
        with pytest.raises(KeyFileError, match="passphrase is wrong"):
            open_key(pem, wrong, "a.pem")
    for other in (b"", b"hello", pem.replace(b"ENCRYPTED ", b"")):
        with pytest.raises(KeyFileError, match="not an encrypted private key"):
            open_key(other, WORDS)
    with pytest.raises(KeyFileError):
        open_key(pem[:120], WORDS)
    with pytest.raises(KeyFileError, match="12 or more"):
        new_key("short", iterations=1000)


def test_the_default_makes_guessing_slow(pair):
    """The iterations stand in the file; 2048 (the library's own) would be far too few."""
    pem, public = new_key(WORDS)
    assert open_key(pem, WORDS).public == public
    assert len(pem) >= len(pair[0])
    body = b"".join(pem.splitlines()[1:-1])
    assert (600_000).to_bytes(3, "big") in base64.b64decode(body)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL is not installed")
def test_openssl_opens_the_key_and_verifies_the_signature(pair, tmp_path):
    """What the page on packages tells people to do by hand."""
    pem, public = pair
    key, payload = open_key(pem, WORDS), b'{"purpose":"x"}'
    (tmp_path / "a.pem").write_bytes(pem)
    (tmp_path / "a.pub").write_text(PublicKey("Å. Ångström", public).to_text(), "utf-8")
    (tmp_path / "payload").write_bytes(payload)
    (tmp_path / "signature").write_bytes(key.sign(payload).signature)
    opened = subprocess.run(
        ["openssl", "pkey", "-in", "a.pem", "-passin", f"pass:{WORDS}", "-pubout"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )
    assert opened.stdout in (tmp_path / "a.pub").read_text("utf-8")
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "a.pub", "-rawin"]
    command += ["-in", "payload", "-sigfile", "signature"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr


def test_a_public_key_file_says_person_and_key_and_shows_when_altered(pair):
    text = PublicKey("B. Example", pair[1]).to_text()
    assert PublicKey.from_text(text) == PublicKey("B. Example", pair[1])
    assert PublicKey.from_text(text.replace("\n", "\r\n")).id == key_id(pair[1])
    place = text.index("Key: ") + 5
    other = "0" if text[place] != "0" else "1"
    for wrong in (text[:-1], text + "x", "", text[:place] + other + text[place + 1 :]):
        with pytest.raises(KeyFileError):
            PublicKey.from_text(wrong, "b.pub")


def test_signed_content_in_one_file_comes_back_as_it_was(pair):
    key = open_key(pair[0], WORDS)
    payload = canonical({"purpose": "x", "name": "é"})
    signed = Signed(payload).with_signature(key.sign(payload))
    assert signed.with_signature(key.sign(payload)) == signed
    assert Signed.from_bytes(signed.to_bytes()) == signed
    data = signed.to_bytes()
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1
        try:
            read = Signed.from_bytes(bytes(altered))
        except (NotCanonicalError, BadSignatureError):
            continue
        assert all(
            one.key != key.id or not genuine(read.payload, one, key.public)
            for one in read.signatures
        )


@pytest.mark.parametrize(
    "signatures",
    [None, {}, [1], [{"key": "0" * 64}], [{"key": "0" * 64, "signature": "0" * 126}]],
)
def test_signatures_of_another_form_are_refused(signatures):
    with pytest.raises(BadSignatureError):
        Signed.from_bytes(canonical({"payload": {}, "signatures": signatures}))
    many = [{"key": f"{n:064x}", "signature": "0" * 128} for n in range(33)]
    with pytest.raises(BadSignatureError):
        Signed.from_bytes(canonical({"payload": {}, "signatures": many}))
    with pytest.raises(BadSignatureError, match="order"):
        Signed.from_bytes(canonical({"payload": {}, "signatures": [many[1], many[0]]}))


@pytest.mark.parametrize("name", ["A\x1b[1G", "A\u2028B", "\u202eA", "..."])
def test_a_public_key_whose_person_hides_its_id_is_refused(pair, name):
    text = PublicKey("A. Chemist", pair[1]).to_text().replace("A. Chemist", name)
    with pytest.raises(KeyFileError, match="cannot be shown") as caught:
        PublicKey.from_text(text)
    assert str(caught.value).isprintable()
