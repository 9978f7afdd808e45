"""PDF files signed by the station or by a person: PAdES baseline B-B (ETSI EN 319 142-1).

The one module that uses pyHanko. It signs what lies in memory with a key from a file: no
time-stamps, no revocation look-ups, nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.errors import SigningError
from spectra_app.reports.facts import Certificate

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

FIELD = "Signature"
SPACE = 16384  # bytes kept free for the signature: chains of a few certificates fit
_KEPT = "the report was not signed"


@dataclass(frozen=True, eq=False, slots=True)
class PdfSigner:
    """A key with its certificate, ready to sign."""

    certificate: Certificate
    _signer: SimpleSigner
    _counts: tuple[datetime, datetime]

    def require_valid(self, at: str) -> None:
        """Refuse to sign at a time (ISO 8601) when the certificate does not count.

        A signature from outside its time proves nothing to whoever validates it (RFC 5280, 6.1.3).

        Raises
        ------
        SigningError
            When it has expired, or does not count yet.
        """
        begins, ends = self._counts
        now = datetime.fromisoformat(at)
        if not begins <= now <= ends:
            said = f"expired on {ends:%Y-%m-%d}" if now > ends else f"begins on {begins:%Y-%m-%d}"
            raise SigningError(
                f"{_KEPT}: the certificate {said}",
                self.certificate.subject,
                "use one that counts now; check the computer's clock",
            )

    def sign(self, pdf: bytes, *, reason: str, place: str, at: str) -> bytes:
        """Return `pdf` with a signature over all of it, added as an increment.

        Raises
        ------
        SigningError
            When it cannot be signed, or the certificate does not count at the time `at`.
        """
        self.require_valid(at)
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.sign.fields import SigSeedSubFilter
        from pyhanko.sign.general import SigningError as CannotSign
        from pyhanko.sign.signers import PdfSignatureMetadata, sign_pdf

        about = PdfSignatureMetadata(
            field_name=FIELD,
            subfilter=SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            reason=reason or None,
            location=place or None,
            name=self.certificate.subject,
        )
        try:
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
            out = sign_pdf(writer, about, signer=self._signer, bytes_reserved=SPACE)
        except (PdfError, CannotSign, ValueError) as error:
            raise SigningError(
                f"{_KEPT} ({error})", self.certificate.subject, "check key and certificate"
            ) from error
        return bytes(out.getbuffer())


def load_signer(path: Path, passphrase: bytes | None) -> PdfSigner:
    """Return the signer of a PKCS#12 file, or of a PEM file with key and certificates.

    Raises
    ------
    SigningError
        When the file cannot be read, the passphrase is wrong, or key or certificate are missing.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SigningError(
            f"the certificate cannot be read ({error.strerror or error})",
            str(path),
            "check the path",
        ) from error
    bundle = data if b"-----BEGIN" not in data else _bundle_of_pem(data, path, passphrase)
    secret = passphrase if bundle is data else None
    return _signer(bundle, secret, path)


def _signer(bundle: bytes, secret: bytes | None, path: Path) -> PdfSigner:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
    from pyhanko.sign.signers import SimpleSigner

    try:
        inside = load_pkcs12(bundle, secret)
    except ValueError as error:
        raise SigningError(
            "the certificate cannot be opened: it is damaged, or the passphrase is wrong",
            str(path),
            "give the passphrase of the file",
        ) from error
    if inside.key is None or inside.cert is None:
        raise SigningError(
            "the file lacks the private key or its certificate", str(path), "export both together"
        )
    signer = SimpleSigner.load_pkcs12_data(bundle, other_certs=(), passphrase=secret)
    found = inside.cert.certificate
    counts = (found.not_valid_before_utc, found.not_valid_after_utc)
    return PdfSigner(_about(found), signer, counts)


def _bundle_of_pem(data: bytes, path: Path, passphrase: bytes | None) -> bytes:
    """Return the key and certificates of a PEM file as PKCS#12; the key's certificate first."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import (
        NoEncryption,
        load_pem_private_key,
    )
    from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

    try:
        key = load_pem_private_key(data, passphrase)
        first, *others = x509.load_pem_x509_certificates(data)
        if key.public_key() != first.public_key():
            raise ValueError("the first certificate is not that of the key")
        return serialize_key_and_certificates(b"", key, first, others, NoEncryption())  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise SigningError(
            f"key and certificate cannot be read ({error})",
            str(path),
            "give a PEM file with the private key, its certificate, then those of its issuers",
        ) from error


def _about(certificate: object) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    if not isinstance(certificate, x509.Certificate):
        raise SigningError("this is no certificate", "", "give an X.509 certificate")
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:X}",
        not_after=certificate.not_valid_after_utc.date().isoformat(),
        sha256=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
    )
