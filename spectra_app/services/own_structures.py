"""Structures that a station adds to the candidates of its calculated suggestions.

A child process calculates them: the program itself never loads what does. What came of it lies in
the station's data folder, apart from every library.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from library.calculated_lines import CalculatedTable, calculated_table, with_own
from resources import path
from spectra_app.errors import AppError
from spectra_app.services.office import Office, Session

OWN_FOLDER = "calculated"  # below the station's data folder
NEEDS = ("rdkit", "tblite")
LOOKS_S = 0.1
INSTALL = "have the extra 'calculate' installed: pip install .[calculate]"


class CalculatedError(AppError):
    """A structure cannot be calculated here."""

    code = "calculated"


def own_table(folder: Path) -> CalculatedTable:
    """Return the shipped candidates with those that were added to the station's data folder."""
    return with_own(calculated_table(), folder / OWN_FOLDER)


def can_calculate() -> bool:
    """Tell whether what calculates is installed here; it is not loaded for that."""
    return all(find_spec(name) is not None for name in NEEDS)


def add_structure(
    office: Office,
    session: Session,
    structure: str,
    *,
    name: str = "",
    python: str = sys.executable,
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> str:
    """Calculate a structure that the tables lack, and add it to the station's own candidates.

    It takes a minute or a few; the chain tells who added what.

    Parameters
    ----------
    structure : str
        A SMILES, or a name in the tables of substances.
    name : str, optional
        What it is called.
    python : str
        The interpreter in which the extra ``calculate`` is installed.
    progress : callable (share, words)
        Called several times a second; how far it is cannot be told. What it raises ends the work,
        and nothing is added.

    Returns
    -------
    str
        InChIKey of what was added.

    Raises
    ------
    CalculatedError
        When the extra is not installed, or the structure cannot be calculated.
    """
    me = office.require(session, "suggestions.open")
    structure, name = structure.strip(), " ".join(name.split())
    if not structure:
        raise CalculatedError("no structure is given", "", "give its SMILES or its name")
    folder = office.folder / OWN_FOLDER
    command = [python, "-m", "library.calculated", "add", "--out", str(folder)]
    command += ["--work", str(folder / "work"), "--name", name]
    command += ["--factors", str(path("calculated/factors.json")), "--", structure]
    code, out, err = _run(command, progress)
    if code == 0:
        inchikey = str(json.loads(out.splitlines()[-1])["inchikey"])
        with office.ledger.writing(me.id) as writing:
            writing.note("calculated structure added", {"inchikey": inchikey})
        return inchikey
    if "ModuleNotFoundError" in err:
        raise CalculatedError("what calculates spectra is not installed", structure, INSTALL)
    said = (err.strip().splitlines() or ["it was stopped"])[-1]
    raise CalculatedError(
        said.removeprefix(f"{structure}: "), structure, "check the structure, or give its SMILES"
    )


def _run(command: list[str], progress: Callable[[float, str], None]) -> tuple[int, str, str]:
    """Return exit code, output and errors of a child process, which ends when `progress` raises."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        while True:
            try:
                out, err = child.communicate(timeout=LOOKS_S)
            except subprocess.TimeoutExpired:
                try:
                    progress(0.0, "calculating")
                except BaseException:
                    _end(child)
                    raise
            else:
                return child.returncode, out, err


def _end(child: subprocess.Popen[str]) -> None:
    """End a child process and what it has begun itself."""
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
