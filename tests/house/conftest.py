"""The source tree as data, for the rules about the code."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = ("matching", "library", "devices", "spectra_app", "resources")


@dataclass(frozen=True)
class Source:
    """One Python file of the program, parsed."""

    path: Path
    where: str
    module: str
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def imports(self) -> Iterator[tuple[str, int]]:
        """Yield every imported dotted name with its line, relative imports resolved."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                # `from PySide6 import QtNetwork` names a module only in its second half
                yield base, node.lineno
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.module.split(".")
        kept = parts[: len(parts) - node.level + (1 if self.is_package else 0)]
        return ".".join([*kept, *([node.module] if node.module else [])])


def _parse(root: Path, path: Path) -> Source:
    where = path.relative_to(root).as_posix()
    module = where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    text = path.read_text(encoding="utf-8")
    return Source(path, where, module, text, ast.parse(text, filename=where))


@pytest.fixture(scope="session")
def sources(checkout: Path) -> tuple[Source, ...]:
    """Every Python file that is installed, and main.py."""
    files = [checkout / "main.py"]
    for package in PACKAGES:
        files += sorted((checkout / package).rglob("*.py"))
    found = tuple(_parse(checkout, path) for path in files)
    if len(found) < 10:
        pytest.fail("the rules found hardly any source to judge")
    return found


@pytest.fixture(scope="session")
def test_sources(checkout: Path) -> tuple[Source, ...]:
    """Every Python file of the test suite and of the benchmarks."""
    files = [*sorted((checkout / "tests").rglob("*.py"))]
    files += sorted((checkout / "benchmarks").rglob("*.py"))
    return tuple(_parse(checkout, path) for path in files)


@pytest.fixture(scope="session")
def tracked_files(checkout: Path) -> tuple[Path, ...]:
    """Every file under version control, or skip where this is not a git checkout."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(checkout), "ls-files", "-z"],
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout: nothing says which files belong to the project")
    names = listing.stdout.decode("utf-8").split("\0")
    return tuple(path for name in names if name and (path := checkout / name).is_file())
