"""Verify a bundle of a Spectra station: for an expert who wants to read what is run.

    python verify_bundle.py BUNDLE [--station KEY]

BUNDLE is the file (a tar archive) or the folder it was unpacked to. Nothing is unpacked or changed.
Needs Python 3.11 and the package `cryptography`. What is checked is described in docs/bundles.md;
no code of the program is used. Exit code 0: everything holds; 4: something does not; 2: not
checked. Without --station, compare the key id that is printed with the one the station tells you.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Files = dict[str, bytes]
Reach = dict[tuple[str, str], list[int]]  # kind and id: the revisions that entries tell of
ZEROS = "0" * 64


class BrokenError(Exception):
    """Something does not hold."""


UNREADABLE = (
    BrokenError, tarfile.TarError, ValueError, KeyError, IndexError, TypeError, AttributeError,
    RecursionError,
)  # fmt: skip


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: object) -> bytes:
    """Return canonical JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def need(holds: object, what: str) -> None:
    """Raise when something does not hold."""
    if not holds:
        raise BrokenError(what)


def load(path: Path) -> Files:
    """Return every file of a bundle by its name below the bundle's folder."""
    if path.is_dir():
        found = [one for one in sorted(path.rglob("*")) if not one.is_dir()]
        need(not any(one.is_symlink() for one in found), "there are links in the folder")
        return {one.relative_to(path).as_posix(): one.read_bytes() for one in found}
    files: Files = {}
    tops = set()
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            top, _, name = member.name.partition("/")
            tops.add(top)
            need(member.isreg() and name, f"{member.name} is no plain file below a folder")
            need(name not in files, f"{name} is there twice")
            reader = archive.extractfile(member)
            files[name] = reader.read() if reader else b""
    need(len(tops) == 1, "there is not one folder")
    return files


def check_manifest(files: Files, name: str, listed: set[str]) -> None:
    """Check that a manifest names these files, no others, with the hashes that they have."""
    said = {}
    for line in files[name].decode("utf-8").splitlines():
        digest, _, path = line.partition("  ")
        need(path not in said, f"{name} names {path} twice")
        said[path] = digest
    for path in sorted(listed | said.keys()):
        need(path in files, f"{path} is missing")
        need(path in said and path in listed, f"{path} is additional")
        need(said[path] == sha256(files[path]), f"{path} was altered")


def signed(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """Return whether a key signed something."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def public_key(pem: bytes) -> Ed25519PublicKey:
    """Return the Ed25519 key in a PEM text; lines before it are for people."""
    key = load_pem_public_key(pem[pem.index(b"-----BEGIN") :])
    need(isinstance(key, Ed25519PublicKey), "a key is of another kind")
    return key  # type: ignore[return-value]


def check_seal(files: Files) -> tuple[Ed25519PublicKey, dict[str, Any], list[str]]:
    """Check the signatures; return the station's key, what was signed, and who signed besides."""
    stated = json.loads(files["statement.json"])
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt"):
        label = name.partition(".")[0].removesuffix("-sha256").replace("-", "_") + "_sha256"
        need(stated[label] == sha256(files[name]), f"the signature is over another {name}")
    need(stated["purpose"] == "spectra case bundle", "it was signed for another purpose")
    keys = {stated["station"]: public_key(files["data/station.pub"])}
    people = []
    for name, data in files.items():
        if name.startswith("data/signers/"):
            keys[name.split("/")[-1].removesuffix(".pub")] = public_key(data)
            people.append(data.decode("utf-8").splitlines()[0])
    signatures = json.loads(files["signatures.json"])
    need(sorted(one["key"] for one in signatures) == sorted(keys), "a signature is missing")
    for one in signatures:
        key = keys[one["key"]]
        need(sha256(key.public_bytes_raw()) == one["key"], f"{one['key']} is another key")
        made = signed(key, bytes.fromhex(one["signature"]), files["statement.json"])
        need(made, f"the signature of {one['key']} is false")
    return keys[stated["station"]], stated, people


def lines_of(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file with one JSON object a line."""
    return (json.loads(line) for line in data.splitlines())


def check_chain(files: Files, key: Ed25519PublicKey) -> tuple[int, int, str]:
    """Check entries, links, head and records; return how many there are, and the head."""
    links = dict(line.split() for line in files["data/audit/links.txt"].decode().splitlines())
    due: dict[tuple[str, str, int], str] = {}
    last: dict[str, Any] = {"number": 0, "time": ""}
    count, removed = 0, set()
    reach: Reach = {}
    for told in lines_of(files["data/audit/entries.jsonl"]):
        line = told["line"].encode("ascii")
        entry = json.loads(line)
        here = f"entry {entry['number']}"
        need(told.keys() == {"number", "line", "signature"}, f"{here} has another form")
        need(told["number"] == entry["number"], f"{here} stands under another number")
        need(entry["number"] > last["number"], f"{here} is out of order")
        need(links.get(str(entry["number"])) == sha256(line), f"{here} was altered")
        before = links.get(str(entry["number"] - 1), ZEROS if entry["number"] == 1 else "")
        need(entry["previous"] == before, f"{here} does not follow the one before it")
        need(signed(key, base64.b64decode(told["signature"]), line), f"{here} is not signed")
        reach.setdefault((entry["kind"], entry["id"]), []).append(entry["revision"])
        if entry["act"] == "content removed":
            removed.add((entry["kind"], entry["id"]))
        if entry["revision"]:
            due[entry["kind"], entry["id"], entry["revision"]] = entry["after"]
        last, count = entry, count + 1
    check_records(files, due, removed)
    head = json.loads(files["data/audit/head.json"])
    signature = base64.b64decode(head.pop("signature"))
    said = canonical({**head, "purpose": "spectra-audit-head"})
    need(signed(key, signature, said), "the head is not signed by the station")
    need(head["number"] == last["number"] == int(max(links, key=int)), "the head is another one")
    need(head["sha256"] == links[str(head["number"])], "the head names another entry")
    numbers = sorted(map(int, links))
    need(numbers == list(range(numbers[0], numbers[-1] + 1)), "the hashes have a gap")
    check_extent(files, key, reach, last["number"])
    return count, len(links), f"{head['number']}:{head['sha256']}"


def check_records(
    files: Files, due: dict[tuple[str, str, int], str], removed: set[tuple[str, str]]
) -> None:
    """Check that the records are those that entries tell of, with the digests they had."""
    for row in lines_of(files["data/records.jsonl"]):
        name = (row["kind"], row["id"], row["revision"])
        need(row.keys() == {"kind", "id", "revision", "salt", "body"}, f"{name} has another form")
        digest = due.pop(name, None)
        need(digest is not None, f"no entry tells of {name}")
        if row["body"] is None:
            need(name[:2] in removed, f"the content of {name} is gone")
        else:
            made = sha256(bytes.fromhex(row["salt"]) + row["body"].encode("ascii"))
            need(made == digest, f"{name} is not what was entered")
    need(not due, f"records are missing: {sorted(due)[:3]}")


def check_extent(files: Files, key: Ed25519PublicKey, reach: Reach, last: int) -> None:
    """Check that the extract reaches as far as the station states, with no revision left out."""
    stated = json.loads(files["data/audit/extent.json"])
    need(stated.pop("key") == sha256(key.public_bytes_raw()), "the extent is of another station")
    signature = base64.b64decode(stated.pop("signature"))
    need(signed(key, signature, canonical(stated)), "the extent is not signed by the station")
    need(stated["purpose"] == "spectra-audit-extent", "the extent was signed for another purpose")
    told = {(one["kind"], one["id"]): one for one in stated["records"]}
    need(len(told) == len(stated["records"]), "the extent names a record twice")
    for name in sorted(told.keys() | reach.keys()):
        need(name in reach, f"no entry of {name} is here, and the station states that it had one")
        need(name in told, f"the station states nothing of {name}")
        due = [*range(1, told[name]["revision"] + 1)]
        made = [revision for revision in reach[name] if revision]
        need(made == due, f"{name} has {len(due)} revisions by the station, {len(made)} are here")
        need(told[name]["entries"] == len(reach[name]), f"entries of {name} are missing")
    need(stated["last"] == last, "the extract does not end where the station states")


def check_libraries(files: Files) -> list[str]:
    """Check the libraries that results were searched in; return what to say of them."""
    said = []
    for one in json.loads(files["data/case.json"])["libraries"]:
        if one["path"]:
            made = sha256(files[one["path"]])
            need(made == one["file_sha256"], f"{one['path']} is not what its hash says")
        place = one["path"] or f"not here: {one['where']}"
        said.append(f"library         {one['name'] or 'unknown'} {one['sha256'][:16]}, {place}")
    return said


def check(path: Path, station: str = "") -> list[str]:
    """Check everything; return what to say."""
    files = load(path)
    tags = {name for name in files if not name.startswith("data/")}
    check_manifest(files, "tagmanifest-sha256.txt", tags - {"tagmanifest-sha256.txt"})
    check_manifest(files, "manifest-sha256.txt", files.keys() - tags)
    for name in files:
        if name.startswith("data/files/"):
            stem = name.split("/")[-1].partition(".")[0]
            need(stem == sha256(files[name]), f"{name} is not what its name says")
    key, stated, people = check_seal(files)
    need(station in {"", stated["station"]}, "another station made it")
    entries, links, head = check_chain(files, key)
    libraries = check_libraries(files)
    content, last = json.loads(files["data/case.json"]), head.partition(":")[0]
    return [
        f"bundle          {path}",
        f"what            {stated['kind']} {stated['case']}",
        f"station         {content['station']['name'] or 'no name stated'}",
        f"station key     {stated['station']}" + ("" if station else "  (compare it)"),
        f"signed besides  {', '.join(people) or 'nobody'}",
        f"manifest        {sha256(files['manifest-sha256.txt'])}",
        f"files           {len(files)}",
        f"entries         {entries} of these records, {links} hashes of the chain",
        f"head            {head}",
        f"left out        {content['left_out']} records",
        *libraries,
        "",
        f"That these are all revisions and entries of these records up to entry {last} is what the",
        "station states over its signature. What cannot be seen from here: what was entered after",
        "that one, and what the entries between say, of which only the hashes are here.",
    ]


def main(given: list[str] | None = None) -> int:
    """Check what the arguments name and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("bundle", type=Path, help="the file, or the folder it was unpacked to")
    parser.add_argument("--station", default="", help="id of the key that must have made it")
    options = parser.parse_args(given)
    try:
        lines = check(options.bundle, options.station)
    except OSError as error:
        parser.error(f"it cannot be read: {error}")
    except UNREADABLE as error:
        lines = [f"BROKEN  {error or type(error).__name__}", "The bundle does not hold."]
    else:
        lines += ["", "The bundle holds: nothing was changed, removed or added."]
    shown = (line.encode("unicode_escape").decode("ascii") for line in lines)
    sys.stdout.write("\n".join(shown) + "\n")
    return 4 if lines[0].startswith("BROKEN") else 0


if __name__ == "__main__":
    raise SystemExit(main())
