"""The floors of the house: import-linter's contracts, and the fences it cannot draw."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PACKAGES = {"matching", "library", "devices", "spectra_app", "resources"}

# Modules that speak to a network, or that would start one.
NETWORK = {
    "socket", "_socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "poplib",
    "imaplib", "xmlrpc", "asyncio", "webbrowser", "requests", "httpx", "aiohttp", "urllib3",
    "PySide6.QtNetwork", "PySide6.QtNetworkAuth", "PySide6.QtWebSockets", "PySide6.QtHttpServer",
    "PySide6.QtWebEngineCore", "PySide6.QtWebEngineWidgets", "PySide6.QtWebChannel",
    "PySide6.QtWebView", "PySide6.QtRemoteObjects", "PySide6.QtGrpc",
}  # fmt: skip
# urllib.parse takes text apart and opens nothing.
HARMLESS = {"urllib.parse"}

# Who may not import whom, beyond the contracts in pyproject.toml; and who is excused.
FENCES = [
    ("spectra_app", "devices.emulators", ()),
    (
        "devices",
        "devices.emulators",
        ("devices.registry", "devices.families", "devices.serving", "devices.emulators"),
    ),
    ("library", "devices.emulators", ()),
    ("spectra_app", "library.calculated", ()),
    ("library", "library.calculated", ("library.calculated",)),
    ("spectra_app", "spectra_app.reports.render_qt", ("spectra_app.app", "spectra_app.ui")),
    ("spectra_app.ui", "library", ()),
    ("spectra_app.ui", "devices", ()),
    ("spectra_app.ui", "sqlite3", ()),
    ("spectra_app.cli", "library", ()),
    ("spectra_app.cli", "devices", ()),
    ("spectra_app.cli", "sqlite3", ()),
]
# Calculated lines name nothing: only these know the table, and neither is asked for a verdict.
KNOW_CALCULATED = (
    "library.calculated",
    "spectra_app.services.evaluate.calculated",
    "spectra_app.services.own_structures",
    "spectra_app.services.suggestions",
)
QT_HOMES = (
    "spectra_app.ui",
    "spectra_app.app",
    "spectra_app.reports.render_qt",
    "spectra_app.reports.fonts_qt",
)
# The tools that rebuild tables by quantum chemistry; what they need is an extra.
TOOLS, THIRD_PARTY_OF_TOOLS = "library.calculated", {"rdkit", "tblite"}
THIRD_PARTY_OF_MATCHING = {"numpy", "scipy", "pybaselines"}


def _inside(module: str, *floors: str) -> bool:
    return any(module == floor or module.startswith(floor + ".") for floor in floors)


def _contracts(checkout: Path) -> dict:
    with (checkout / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["tool"]["importlinter"]


def test_every_contract_of_import_linter_is_kept(checkout: Path) -> None:
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--config", "pyproject.toml"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(_contracts(checkout)['contracts'])} kept, 0 broken" in run.stdout


def test_every_module_has_a_floor(checkout: Path, sources) -> None:
    """A new module of the program must be put into the layers contract on purpose."""
    layers = _contracts(checkout)["contracts"][0]["layers"]
    named = {word.strip("() ") for layer in layers for word in layer.replace("|", ":").split(":")}
    homeless = [
        source.where
        for source in sources
        if source.module not in {"main", "spectra_app"} and not _inside(source.module, *named)
    ]
    assert homeless == []


def test_every_package_is_installed_and_linted(checkout: Path) -> None:
    found = {path.parent.name for path in checkout.glob("*/__init__.py")}
    assert found - {"tests", "benchmarks"} == PACKAGES
    assert set(_contracts(checkout)["root_packages"]) == PACKAGES


@pytest.mark.parametrize(("who", "whom", "excused"), FENCES, ids=str)
def test_fence(sources, who: str, whom: str, excused: tuple[str, ...]) -> None:
    through = [
        f"{source.where}:{line} imports {name}"
        for source in sources
        if _inside(source.module, who) and not _inside(source.module, *excused)
        for name, line in source.imports()
        if _inside(name, whom)
    ]
    assert through == []


@pytest.mark.parametrize("whom", ["library.calculated_lines", "matching.suggest"])
def test_no_other_path_knows_calculated_lines(sources, whom: str) -> None:
    through = [
        f"{source.where}:{line} imports {name}"
        for source in sources
        if not _inside(source.module, *KNOW_CALCULATED, "library.calculated_lines")
        for name, line in source.imports()
        if _inside(name, whom)
    ]
    assert through == []


def test_qt_stays_in_its_rooms(sources) -> None:
    outside = [
        f"{source.where}:{line} imports {name}"
        for source in sources
        if not _inside(source.module, *QT_HOMES)
        for name, line in source.imports()
        if _inside(name, "PySide6", "pyqtgraph", "shiboken6")
    ]
    assert outside == []


def test_nothing_imports_network_modules(sources) -> None:
    reaching = [
        f"{source.where}:{line} imports {name}"
        for source in sources
        for name, line in source.imports()
        if _inside(name, *NETWORK) and not _inside(name, *HARMLESS) and name != "urllib"
    ]
    assert reaching == []


def test_matching_uses_only_arrays(sources) -> None:
    others = [
        f"{source.where}:{line} imports {name}"
        for source in sources
        if _inside(source.module, "matching")
        for name, line in source.imports()
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names
        and top not in THIRD_PARTY_OF_MATCHING | {"matching"}
    ]
    assert others == []


def test_only_declared_packages_are_imported(checkout: Path, sources) -> None:
    """What the program imports it must ask for in pyproject.toml, or installs would lack it."""
    with (checkout / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    names = {"pyside6-essentials": "PySide6", "pyserial": "serial", "pyusb": "usb"}
    names |= {"python-stdnum": "stdnum", "argon2-cffi": "argon2"}
    asked = (Requirement(line).name for line in wanted)
    declared = {names.get(name, name.replace("-", "_")) for name in asked}
    declared |= {"shiboken6"}  # comes with PySide6
    undeclared = {
        f"{source.where}:{line} imports {name}"
        for source in sources
        for name, line in source.imports()
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names
        and top not in declared | PACKAGES
        and not (top in THIRD_PARTY_OF_TOOLS and _inside(source.module, TOOLS))
    }
    assert undeclared == set()


def test_what_calculates_is_an_extra(checkout: Path) -> None:
    with (checkout / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    extra = {Requirement(line).name for line in project["optional-dependencies"]["calculate"]}
    assert extra == THIRD_PARTY_OF_TOOLS
    assert extra & {Requirement(line).name for line in project["dependencies"]} == set()


def test_no_package_imports_the_tests(sources) -> None:
    assert [s.where for s in sources for name, _ in s.imports() if _inside(name, "tests")] == []


def test_no_test_imports_another_test_by_package(test_sources) -> None:
    """`tests` is importable from other people's installs: helpers are fixtures."""
    wrong = [s.where for s in test_sources for name, _ in s.imports() if _inside(name, "tests")]
    assert wrong == []


def test_test_folders_are_not_packages(checkout: Path) -> None:
    assert list((checkout / "tests").rglob("__init__.py")) == []
    names = [path.name for path in (checkout / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names)), "two test files share a name"
