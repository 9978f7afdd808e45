"""Ed25519 keys, canonical JSON and signatures: the mechanics, with no opinion on trust.

What is signed is canonical JSON: one form for the same content, so that a signature is over the
content and not over one way of writing it. The content says its own ``purpose``, and whoever checks
asks for one: a signature under a control list can never stand under a library. Who may sign what is
decided in `library.trust`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from library.errors import BadSignatureError, KeyFileError, NotCanonicalError
from library.names import folded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_BYTES = 32
SIGNATURE_BYTES = 64
SHORTEST_PASSPHRASE = 12
ITERATIONS = 600_000  # of PBKDF2-HMAC-SHA256; OWASP Password Storage Cheat Sheet, 2023
MOST_SIGNATURES = 32
_KEY_FILE = re.compile(
    r"Person: (?P<person>[^\r\n]{1,200})\nKey: (?P<key>[0-9a-f]{64})\n"
    r"-----BEGIN PUBLIC KEY-----\n(?P<body>[A-Za-z0-9+/=]{60})\n-----END PUBLIC KEY-----\n"
)
_PUBLIC_HEAD = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: Ed25519, then the key


def canonical(value: Any) -> bytes:
    """Return JSON in the one form that this value has.

    Keys sorted, no blanks, ASCII with escapes; text, whole numbers, true, false, null, lists and
    objects only: fractions have more than one way to be written.

    Raises
    ------
    NotCanonicalError
        When the value holds anything else.
    """
    try:
        _check_plain(value)
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotCanonicalError(
            f"the content has no canonical form ({error})",
            remedy="use text, whole numbers, true, false, null, lists and objects",
        ) from error


def parse_canonical(data: bytes, where: str = "") -> Any:
    """Read canonical JSON; anything written in another form is refused.

    Raises
    ------
    NotCanonicalError
        When the bytes are not what `canonical` makes of their content.
    """
    try:
        value = json.loads(data)
        same = canonical(value) == data
    except (ValueError, RecursionError, NotCanonicalError) as error:
        raise _not_canonical(where) from error
    if not same:
        raise _not_canonical(where)
    return value


def _not_canonical(where: str) -> NotCanonicalError:
    return NotCanonicalError(
        "what was signed is not in canonical form (damaged, or written by another program)",
        where,
        "get it again from who signed it",
    )


def _check_plain(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("a key is not text")
            _check_plain(key)
            _check_plain(item)
    elif isinstance(value, list):
        for item in value:
            _check_plain(item)
    elif isinstance(value, str):
        value.encode()  # half a surrogate pair is no text: UnicodeEncodeError is a ValueError
    elif value is not None and not isinstance(value, int):
        raise TypeError(f"{type(value).__name__} is not allowed")


def key_id(public: bytes) -> str:
    """Return the id of a key: the SHA-256 (hex) of its 32 public bytes."""
    return hashlib.sha256(public).hexdigest()


def holder(person: str) -> str:
    """Return the name of a person for comparison: however it was typed, one person is one.

    Letters are compared in their compatibility form, so that an accent typed in another way makes
    nobody a second person. Empty for a name that nobody has, or that a screen would not show.
    """
    return folded(unicodedata.normalize("NFKC", person)) if person.isprintable() else ""


def shown(key: str) -> str:
    """Return the first 16 digits of a key id in groups, for people to compare."""
    return " ".join(key[place : place + 4] for place in range(0, 16, 4))


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key and the person who holds the private one.

    Parameters
    ----------
    person : str
        Who holds it, as this person is known in the laboratory.
    public : bytes
        The 32 bytes of the Ed25519 public key.
    """

    person: str
    public: bytes

    @property
    def id(self) -> str:
        """Id of the key, see `key_id`."""
        return key_id(self.public)

    def to_text(self) -> str:
        """Return the public key file: two lines for people, then PEM that OpenSSL reads."""
        body = base64.b64encode(_PUBLIC_HEAD + self.public).decode()
        return (
            f"Person: {self.person}\nKey: {self.id}\n"
            f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
        )

    @classmethod
    def from_text(cls, text: str, where: str = "") -> PublicKey:
        """Read what `to_text` wrote.

        Raises
        ------
        KeyFileError
            When it is not a public key file, or its two parts do not agree.
        """
        found = _KEY_FILE.fullmatch(text.replace("\r\n", "\n"))
        try:
            data = base64.b64decode(found["body"], validate=True) if found else b""
        except ValueError:
            data = b""
        public = data.removeprefix(_PUBLIC_HEAD)
        if not found or len(public) != KEY_BYTES or key_id(public) != found["key"]:
            raise KeyFileError(
                "this is not a public key file, or it was altered",
                where,
                "give the .pub file made by 'spectra library keys new'",
            )
        if not holder(found["person"]):  # signs that move a cursor could show another key id
            raise KeyFileError(
                f"the name of its person cannot be shown: {found['person']!a}",
                where,
                "do not trust it; ask its holder for the file",
            )
        return cls(found["person"], public)


@dataclass(frozen=True, eq=False, slots=True)
class SigningKey:
    """A private key that was opened; it never prints itself."""

    id: str
    public: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, payload: bytes) -> Signature:
        """Sign the canonical JSON `payload`."""
        return Signature(self.id, self._private.sign(payload))


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: which key made it, and its 64 bytes."""

    key: str
    signature: bytes

    def to_json(self) -> dict[str, str]:
        """Return the signature as it is written."""
        return {"key": self.key, "signature": self.signature.hex()}

    @classmethod
    def from_json(cls, value: Any, where: str = "") -> Signature:
        """Read what `to_json` wrote.

        Raises
        ------
        BadSignatureError
            When it has another form.
        """
        if isinstance(value, dict) and value.keys() == {"key", "signature"}:
            key, signature = value["key"], value["signature"]
            if _is_hex(key, KEY_BYTES) and _is_hex(signature, SIGNATURE_BYTES):
                return cls(key, bytes.fromhex(signature))
        raise BadSignatureError(
            "a signature does not have the form of one", where, "get it again from who signed it"
        )


def _is_hex(text: object, size: int) -> bool:
    return isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text) is not None


@dataclass(frozen=True, slots=True)
class Signed:
    """Canonical JSON with signatures over its bytes.

    Parameters
    ----------
    payload : bytes
        What is signed: a JSON object with at least ``purpose``.
    signatures : tuple of Signature
        In the order of their key ids.
    """

    payload: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of what is signed."""
        return hashlib.sha256(self.payload).hexdigest()

    def with_signature(self, signature: Signature) -> Signed:
        """Return the same with one more signature; one by the same key is replaced."""
        others = [one for one in self.signatures if one.key != signature.key]
        return Signed(self.payload, tuple(sorted((*others, signature), key=lambda one: one.key)))

    def signatures_bytes(self) -> bytes:
        """Return the signatures alone as canonical JSON."""
        return canonical([one.to_json() for one in self.signatures])

    def to_bytes(self) -> bytes:
        """Return payload and signatures as one canonical JSON object, for files of their own."""
        signatures = [one.to_json() for one in self.signatures]
        return canonical({"payload": json.loads(self.payload), "signatures": signatures})

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "") -> Signed:
        """Read what `to_bytes` wrote.

        Raises
        ------
        NotCanonicalError, BadSignatureError
            When it has another form.
        """
        value = parse_canonical(data, where)
        if not isinstance(value, dict) or value.keys() != {"payload", "signatures"}:
            raise _not_canonical(where)
        return cls(canonical(value["payload"]), signatures_of(value["signatures"], where))


def signatures_of(value: Any, where: str = "") -> tuple[Signature, ...]:
    """Read a list of signatures.

    Raises
    ------
    BadSignatureError
        When it is not one, is longer than anybody needs, or is not in order.
    """
    if not isinstance(value, list) or len(value) > MOST_SIGNATURES:
        raise BadSignatureError(
            "the list of signatures is none", where, "get it again from who signed it"
        )
    signatures = tuple(Signature.from_json(one, where) for one in value)
    if [one.key for one in signatures] != sorted(one.key for one in signatures):
        raise BadSignatureError(
            "the signatures are not in order", where, "get it again from who signed it"
        )
    return signatures


def genuine(payload: bytes, signature: Signature, public: bytes) -> bool:
    """Tell whether the holder of a public key made this signature over these bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature.signature, payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_key(passphrase: str, iterations: int = ITERATIONS) -> tuple[bytes, bytes]:
    """Make a key pair.

    Parameters
    ----------
    passphrase : str
        Protects the private key; at least `SHORTEST_PASSPHRASE` characters.
    iterations : int
        Work to try one passphrase.

    Returns
    -------
    tuple of bytes
        The encrypted private key (PKCS#8, PEM) and the 32 public bytes.

    Raises
    ------
    KeyFileError
        When the passphrase is too short.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise KeyFileError(
            f"the passphrase has {len(passphrase)} characters",
            remedy=f"choose {SHORTEST_PASSPHRASE} or more, four random words for example",
        )
    private = Ed25519PrivateKey.generate()
    plain = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes_raw()
    return _encrypted(plain, passphrase.encode(), iterations), public


def open_key(pem: bytes, passphrase: str, where: str = "") -> SigningKey:
    """Open an encrypted private key file.

    Raises
    ------
    KeyFileError
        When it is no encrypted Ed25519 key, or the passphrase is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if b"-----BEGIN ENCRYPTED PRIVATE KEY-----" not in pem:
        raise KeyFileError(
            "this is not an encrypted private key",
            where,
            "give the .pem file made by 'spectra library keys new'",
        )
    try:
        private = serialization.load_pem_private_key(pem, passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            "the passphrase is wrong, or the key file is damaged",
            where,
            "type the passphrase again, or restore the key file from its backup",
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(
            "this is a key of another kind, not Ed25519",
            where,
            "give the .pem file made by 'spectra library keys new'",
        )
    public = private.public_key().public_bytes_raw()
    return SigningKey(key_id(public), public, private)


def _encrypted(plain: bytes, passphrase: bytes, iterations: int) -> bytes:
    """Encrypt a PKCS#8 key with PBES2 (RFC 8018): PBKDF2-HMAC-SHA256 and AES-256-CBC.

    `cryptography` writes the same form with 2048 iterations and no way to ask for more.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    salt, start = secrets.token_bytes(16), secrets.token_bytes(16)
    key = hashlib.pbkdf2_hmac("sha256", passphrase, salt, iterations)
    pad = 16 - len(plain) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    secret = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    hmac_sha256 = _der(0x30, bytes.fromhex("06082a864886f70d0209") + b"\x05\x00")
    rounds = iterations.to_bytes(4, "big").lstrip(b"\0")
    rounds = _der(0x02, b"\0" + rounds if rounds[0] & 0x80 else rounds)
    kdf = bytes.fromhex("06092a864886f70d01050c")
    kdf = _der(0x30, kdf + _der(0x30, _der(0x04, salt) + rounds + hmac_sha256))
    cipher = _der(0x30, bytes.fromhex("060960864801650304012a") + _der(0x04, start))
    scheme = _der(0x30, bytes.fromhex("06092a864886f70d01050d") + _der(0x30, kdf + cipher))
    body = base64.encodebytes(_der(0x30, scheme + _der(0x04, secret))).decode()
    text = body.replace("\n", "")
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    label = "ENCRYPTED PRIVATE KEY"
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def _der(tag: int, content: bytes) -> bytes:
    """Return one element of DER: tag, length, content (shorter than 256 bytes here)."""
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return bytes([tag]) + length + content
