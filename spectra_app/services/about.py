"""What this program is: versions, hashes, licences and places, for a person and for a court."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import resources
from library.info import LibraryInfo
from matching.errors import SpectraError
from matching.policy import Policy
from spectra_app.services.environment import environment, versions
from spectra_app.services.lists import in_use
from spectra_app.settings import data_folder

OWN = ("devices", "library", "matching", "resources", "spectra_app")
Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class About:
    """What can be said of the program as it runs here; each part is names with their values.

    Parameters
    ----------
    versions : tuple of (str, str)
        Program, Python, system, the packages it works with, processor and its arithmetic.
    program_sha256 : str
        One hash over all files of the program and its resources (see `program_digest`).
    library, policy, lists : tuple of (str, str)
        The library in use, the thresholds in force, the control lists with their dates. What
        cannot be read says why.
    licences : tuple of (str, str)
        Every package and font that comes with the program.
    folder : Path
        The data folder.
    """

    versions: Facts
    program_sha256: str
    library: Facts
    policy: Facts
    lists: Facts
    licences: Facts
    folder: Path


def about(asked: Callable[[], tuple[LibraryInfo, Path, Policy]]) -> About:
    """Gather everything; `asked` opens the library in use and the policy. Takes about a second."""
    try:
        info, path, policy = asked()
        library: Facts = (
            ("name", info.name), ("version", info.version), ("entries", f"{info.entries:,}"),
            ("sha256", info.sha256), ("file", str(path)),
        )  # fmt: skip
        rules: Facts = (("version", policy.version), ("sha256", policy.hash))
    except SpectraError as error:
        library = rules = (("", str(error)),)
    facts = {**versions(), **environment()}
    return About(
        versions=tuple((name, value) for name, value in facts.items() if value),
        program_sha256=program_digest(),
        library=library,
        policy=rules,
        lists=_lists(),
        licences=tuple(_licences()),
        folder=data_folder(),
    )


def program_digest(root: Path | None = None) -> str:
    """Return one SHA-256 over the files of the program and its resources.

    It is taken over the lines ``<sha256 of the file>  <path>``, sorted by path, so that
    ``sha256sum`` over the same files gives the same; compiled copies are left out.
    """
    folder = root or Path(resources.path("")).parent
    digest = hashlib.sha256()
    for path in sorted(_files(folder), key=lambda one: one.relative_to(folder).as_posix()):
        own = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{own}  {path.relative_to(folder).as_posix()}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for name in OWN:
        for path in (folder / name).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _lists() -> Facts:
    try:
        found = in_use()
    except SpectraError as error:
        return (("", str(error)),)
    dates = sorted((name, str(one.read_to)) for name, one in found.lists.lists.items())
    edition = ("edition", found.edition.isoformat())
    return (("name", found.title), edition, ("sha256", found.sha256), *dates)


def _licences() -> Iterator[tuple[str, str]]:
    content: Mapping[str, Mapping[str, str]] = json.loads(
        resources.path("licences.json").read_text(encoding="utf-8")
    )
    yield from content["data"].items()
    for name, licence in content["packages"].items():
        try:
            yield f"{name} {version(name)}", licence
        except PackageNotFoundError:  # of another system, or an extra that is not installed
            continue
