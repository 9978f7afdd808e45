"""The wheel holds the whole program, its data, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import spectra_app

PACKAGES = ("matching", "library", "devices", "spectra_app", "resources")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict:
    with (checkout / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel from a copy of the tree, with what is installed here and no network."""
    tree = tmp_path_factory.mktemp("tree")
    out = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(checkout / package, tree / package, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(checkout / name, tree / name)
    for folder in ("tests", "benchmarks"):  # must not be swept up
        (tree / folder).mkdir()
        (tree / folder / "__init__.py").write_text("")
    run = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


def test_every_file_of_the_packages_is_in_the_wheel(checkout: Path, wheel: zipfile.ZipFile) -> None:
    """Also the data files; and a folder that lacks its __init__.py would be dropped in silence."""
    wanted = {
        path.relative_to(checkout).as_posix()
        for package in PACKAGES
        for path in (checkout / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - set(wheel.namelist()) == set()


def test_nothing_else_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert [name for name in wheel.namelist() if name.endswith((".pyc", ".pyo"))] == []


def _dist_info(wheel: zipfile.ZipFile, name: str) -> str:
    (found,) = [n for n in wheel.namelist() if n.endswith(f".dist-info/{name}")]
    return wheel.read(found).decode("utf-8")


def test_the_command_is_in_the_wheel(wheel: zipfile.ZipFile, project: dict) -> None:
    assert project["scripts"] == {"spectra": "spectra_app.app:main"}
    assert "spectra = spectra_app.app:main" in _dist_info(wheel, "entry_points.txt")


def test_the_wheel_says_what_the_project_file_says(wheel: zipfile.ZipFile, project: dict) -> None:
    said = HeaderParser().parsestr(_dist_info(wheel, "METADATA"))
    assert said["Version"] == project["version"]
    assert said["Requires-Python"] == project["requires-python"]
    asked = {Requirement(line) for line in said.get_all("Requires-Dist", [])}
    assert {Requirement(line) for line in project["dependencies"]} <= asked


def test_the_installed_version_is_the_one_of_the_tree(project: dict) -> None:
    assert metadata.version(project["name"]) == project["version"]
    assert spectra_app.__version__ == project["version"]


def test_the_licence_travels_with_the_program(wheel: zipfile.ZipFile) -> None:
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_what_the_program_needs_is_locked_with_hashes(checkout: Path, project: dict) -> None:
    lock = (checkout / "requirements.lock").read_text(encoding="utf-8")
    locked = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
    wanted = {Requirement(line).name for line in project["dependencies"]}
    assert wanted <= locked
