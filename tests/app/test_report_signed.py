"""Signed reports, checked by pyHanko's own validator and opened by an independent reader."""

from __future__ import annotations

import datetime as dt
import io
import re
import subprocess
import sys
from dataclasses import replace

import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from spectra_app.errors import SigningError
from spectra_app.reports.builder import build_report
from spectra_app.reports.html import to_html
from spectra_app.reports.texts import without_isolates
from spectra_app.reports.tidy_csv import to_csv
from spectra_app.services.signing_pdf import load_signer

PASSPHRASE = b"only for this test"
NOW = "2026-11-22T10:00:00Z"
BEGIN, END = dt.datetime(2026, 1, 1), dt.datetime(2046, 1, 1)


@pytest.fixture(scope="module")
def identity():
    """Return a key and its certificate, as a station would get one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test station")])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


@pytest.fixture(scope="module")
def p12(identity, tmp_path_factory):
    key, certificate = identity
    path = tmp_path_factory.mktemp("keys") / "station.p12"
    locked = serialization.BestAvailableEncryption(PASSPHRASE)
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"station", key, certificate, None, locked)
    )
    return path


@pytest.fixture(scope="module")
def signed(qapp, samples, p12) -> bytes:
    from spectra_app.reports import render_qt
    from spectra_app.reports.facts import ReportFacts

    assert qapp is not None
    signer = load_signer(p12, PASSPHRASE)
    facts = ReportFacts("SP-9", "2026-11-22T10:00:00Z", "0.1.0", certificate=signer.certificate)
    report = build_report(samples.match().record, None, facts)
    return signer.sign(render_qt.pdf_bytes(report), reason="authorised", place="Hall B", at=NOW)


def judged(data: bytes):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    context = ValidationContext(trust_roots=[signature.signer_cert], allow_fetching=False)
    return validate_pdf_signature(signature, context), signature


def test_a_signed_report_is_pades_valid_and_whole(signed, identity) -> None:
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    status, signature = judged(signed)
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.signer_cert.serial_number == identity[1].serial_number


def test_one_changed_byte_is_found(signed) -> None:
    for place in (2000, len(signed) // 3):
        changed = bytearray(signed)
        changed[place] ^= 1
        try:
            intact = judged(bytes(changed))[0].intact
        except Exception as error:  # noqa: BLE001  the file is no PDF any more: found as well
            intact = f"{error}" == ""
        assert not intact


def test_an_independent_reader_opens_it_and_reads_who_signed(signed) -> None:
    document = pypdfium2.PdfDocument(signed)
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    flat = " ".join(text.split())
    assert "is digitally signed (PAdES) with the certificate of CN=Test station" in flat
    assert "serial number 4D, valid until 2046-01-01" in flat
    assert "UNSIGNED" not in flat


def test_a_report_without_certificate_says_that_it_is_unsigned(samples, full_facts) -> None:
    report = build_report(samples.match().record, None, full_facts)
    assert report.signature == "UNSIGNED: this file carries no digital signature"


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_forms_without_a_signature_never_say_that_they_are_signed(
    samples, full_facts, p12, language
) -> None:
    """Anybody can change the HTML, CSV or JSON: what they say of the signature is the PDF's."""
    facts = replace(full_facts, certificate=load_signer(p12, PASSPHRASE).certificate)
    report = build_report(samples.match().record, None, facts, language)
    for form in (to_html(report), to_csv(report), report.to_bytes()):
        said = without_isolates(form.decode("utf-8-sig"))
        sentences = [one for one in re.split(r"[\n<>]", said) if "PAdES" in one]
        assert sentences
        for one in sentences:
            assert all(name in one for name in ("PDF", "HTML", "CSV", "JSON")), one


def test_pem_files_sign_as_well(identity, tmp_path) -> None:
    key, certificate = identity
    pem = serialization.Encoding.PEM
    path = tmp_path / "station.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(pem))
    assert load_signer(path, None).certificate.subject == "CN=Test station"


def test_a_wrong_passphrase_a_stranger_and_a_missing_file_are_told(p12, tmp_path) -> None:
    (tmp_path / "noise.p12").write_bytes(b"nothing of the kind")
    (tmp_path / "noise.pem").write_bytes(b"-----BEGIN nothing of the kind")
    cases = (
        (p12, b"guess", "passphrase is wrong"),
        (p12, None, "passphrase is wrong"),
        (tmp_path / "noise.p12", None, "cannot be opened"),
        (tmp_path / "noise.pem", None, "cannot be read"),
        (tmp_path / "absent.p12", None, "cannot be read"),
    )
    for path, passphrase, words in cases:
        with pytest.raises(SigningError, match=words) as caught:
            load_signer(path, passphrase)
        assert caught.value.remedy


def test_what_is_no_pdf_is_not_signed(p12) -> None:
    with pytest.raises(SigningError, match="not signed"):
        load_signer(p12, PASSPHRASE).sign(b"no PDF", reason="", place="", at=NOW)


def test_reports_without_a_signature_never_load_the_signing_library() -> None:
    program = (
        "import sys; import spectra_app.services.reporting, spectra_app.reports.render_qt; "
        "print([m for m in ('pyhanko', 'aiohttp', 'asyncio') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2046-01-01T00:00:01Z", "expired on 2046-01-01"),
        ("2025-12-31T23:59:59Z", "begins on 2026-01-01"),
    ],
)
def test_a_certificate_signs_only_while_it_counts(p12, at, says) -> None:
    signer = load_signer(p12, PASSPHRASE)
    signer.require_valid(NOW)
    with pytest.raises(SigningError, match=says):
        signer.sign(b"%PDF", reason="", place="", at=at)
