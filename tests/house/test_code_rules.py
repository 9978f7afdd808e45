"""Rules about the code that linters do not know, or would not say plainly."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

FILE_CEILING = 450  # lines that hold code; the aim is 400
FUNCTION_CEILING = 45  # code lines without docstring; the aim is 40
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "breakpoint"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "cloudpickle", "joblib"}


def _docstring_lines(node: ast.AST) -> set[int]:
    body = getattr(node, "body", [])
    if not body or not isinstance(body[0], ast.Expr):
        return set()
    value = body[0].value
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return set()
    return set(range(value.lineno, (value.end_lineno or value.lineno) + 1))


def _code_lines(text: str, tree: ast.Module) -> set[int]:
    """Return the numbers of lines that hold code: neither blank, nor comment, nor docstring."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    skipped |= {tokenize.ENDMARKER, tokenize.ENCODING}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            lines -= _docstring_lines(node)
    return lines


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_stay_readable(sources) -> None:
    sizes = {s.where: len(_code_lines(s.text, s.tree)) for s in sources}
    assert {where: n for where, n in sizes.items() if n > FILE_CEILING} == {}


def test_functions_stay_readable(sources) -> None:
    long = {}
    for source in sources:
        lines = _code_lines(source.text, source.tree)
        for node in _functions(source.tree):
            size = len(lines & set(range(node.lineno, (node.end_lineno or node.lineno) + 1)))
            if size > FUNCTION_CEILING:
                long[f"{source.where}:{node.lineno} {node.name}"] = size
    assert long == {}


def test_the_line_counter_counts_code_only() -> None:
    text = (
        '"""Doc.\n\nmore\n"""\n# why\n\n'
        'def f():\n    """Doc."""\n    return (\n        1  # one\n    )\n'
    )
    assert _code_lines(text, ast.parse(text)) == {7, 9, 10, 11}


def test_no_code_from_data(sources) -> None:
    """`eval` and its kin, and formats that run code while they are read."""
    calls = [
        f"{source.where}:{node.lineno} calls {node.func.id}"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in FORBIDDEN_CALLS
    ]
    loaded = [
        f"{source.where}:{line} imports {name}"
        for source in sources
        for name, line in source.imports()
        if name.partition(".")[0] in FORBIDDEN_MODULES
    ]
    pickled_arrays = [
        f"{source.where}:{node.lineno} allows pickled arrays"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.keyword)
        and node.arg == "allow_pickle"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert calls + loaded + pickled_arrays == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(k, ast.Name) and k.id in {"Exception", "BaseException"} for k in kinds)


def _does_nothing(body: list[ast.stmt]) -> bool:
    """Tell whether a handler neither raises, returns something, records nor says anything."""
    return all(
        isinstance(statement, ast.Pass | ast.Continue | ast.Break)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in body
    )


def test_no_silent_failure(sources) -> None:
    wrong = []
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler):
                place = f"{source.where}:{node.lineno}"
                if node.type is None:
                    wrong.append(f"{place} catches everything, bare")
                elif _catches_everything(node) and _does_nothing(node.body):
                    wrong.append(f"{place} catches everything and says nothing")
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
                names = {ast.unparse(argument) for argument in node.args}
                if names & {"Exception", "BaseException"}:
                    wrong.append(f"{source.where}:{node.lineno} suppresses everything")
    assert wrong == []


def test_no_assert_in_the_program(sources) -> None:
    """`python -O` removes asserts: input is checked by raising."""
    found = [
        f"{source.where}:{node.lineno}"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_only_the_command_line_prints(sources) -> None:
    found = [
        f"{source.where}:{node.lineno}"
        for source in sources
        if not source.module.startswith("spectra_app.cli") and not _is_table_script(source.where)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"print", "input"}
    ]
    assert found == []


def _is_table_script(where: str) -> bool:
    """Tell whether this is a script that rebuilds a table; the program never imports those."""
    return where.startswith("resources/") and Path(where).name.startswith("make_")


# Written in pieces so that this file does not contain what it looks for.
MACHINE_PATHS = [
    rb"/wo" + rb"rk/(?:main|shared)",
    rb"/ro" + rb"ot/",
    rb"/ho" + rb"me/[a-z]",
    rb"/Us" + rb"ers/[A-Za-z]",
    rb"[A-Z]:\\Us" + rb"ers\\",
]
REGISTRIES = [
    rb"files\.python" + rb"hosted\.org",
    rb"py" + rb"pi\.org",
    rb"--(?:extra-)?index" + rb"-url",
    rb"--find" + rb"-links",
    rb"--trusted" + rb"-host",
]
UNFINISHED = [rb"\bTO" + rb"DO\b", rb"\bFIX" + rb"ME\b", rb"\bXX" + rb"X\b"]


def _lines_with(paths: tuple[Path, ...], root: Path, patterns: list[bytes]) -> list[str]:
    pattern = re.compile(b"|".join(patterns))
    found = []
    for path in paths:
        data = path.read_bytes()
        for match in pattern.finditer(data):
            line = data.count(b"\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(root)}:{line} {match.group()!r}")
    return found


def test_no_tracked_file_names_a_machine_or_a_registry(
    tracked_files: tuple[Path, ...], checkout: Path
) -> None:
    assert _lines_with(tracked_files, checkout, MACHINE_PATHS + REGISTRIES) == []


def test_lock_files_hold_versions_and_hashes_only(checkout: Path) -> None:
    line_shape = re.compile(
        r"^(?:[A-Za-z0-9_.-]+==\S+(?: ;.*)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?)$"
    )
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (checkout / name).read_text(encoding="utf-8").splitlines()
        assert lines, f"{name} is empty"
        assert [line for line in lines if not line_shape.match(line)] == []


def test_nothing_is_left_for_later(tracked_files: tuple[Path, ...], checkout: Path) -> None:
    code = tuple(p for p in tracked_files if p.suffix in {".py", ".sh", ".toml", ".md", ".qss"})
    assert _lines_with(code, checkout, UNFINISHED) == []


ENTRY_POINTS = (
    "spectra_app.app",
    "spectra_app.cli",
    "spectra_app.records.identification",
    "spectra_app.wording",
    "library.formats",
    "matching.spectrum",
    "devices",
    "resources",
)


@pytest.mark.parametrize("module", ENTRY_POINTS)
def test_starting_up_loads_nothing_heavy(checkout: Path, module: str) -> None:
    """Start-up matters at a counter: what takes long to import is imported where it is used."""
    stem = checkout.joinpath(*module.split("."))
    if not stem.with_suffix(".py").is_file() and not (stem / "__init__.py").is_file():
        pytest.skip(f"{module} is not part of this tree")
    code = (
        f"import sys, {module}\n"
        "heavy = {'scipy', 'h5py', 'pybaselines', 'PySide6', 'pyqtgraph', 'serial'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.split(), run.stderr) == (0, [], "")
