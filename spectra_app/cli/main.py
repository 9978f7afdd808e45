"""Run one command: parse, call the service, print, return the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from matching.errors import SpectraError
from spectra_app.cli.parser import parser
from spectra_app.cli.terminal import PlainOutput, below_the_bar, spelled_out
from spectra_app.errors import EXIT_ARGUMENTS, EXIT_INTEGRITY, EXIT_OK, EXIT_REFUSED

if TYPE_CHECKING:
    from spectra_app.reports.document import Report
    from spectra_app.reports.validation import ValidationReport

Renderer = Callable[["Report | ValidationReport", Path], None]
# Written out, because the classes would import NumPy before any command asks for it.
STOPPED_CODE = "stopped"  # of an analyser, by Ctrl-C
INTEGRITY_CODES = frozenset(
    {"library_damaged", "library_changed", "library_bomb"}
    | {"journal_altered", "installed_library"}
    | {"package_partial", "package_trailing", "package_bomb", "package_path", "package_members"}
    | {"package_layout", "package_altered", "package_manifest"}
    | {"not_trusted", "not_canonical", "wrong_purpose", "no_trusted_keys", "unknown_key"}
    | {"key_role", "key_not_valid", "key_revoked", "bad_signature", "too_few_signatures"}
    | {"same_person", "rolled_back", "expired", "clock_behind", "newer_program", "bad_root"}
    | {"trust_store", "not_control_lists", "password_swapped", "backup_broken"}
    | {"record_altered"}
    | {"bundle_partial", "bundle_trailing", "bundle_layout", "bundle_path", "bundle_members"}
    | {"bundle_size", "bundle_bag", "bundle_altered", "bundle_signature", "bundle_content"}
    | {"bundle_chain", "unknown_station"}
)


def run(
    arguments: Sequence[str],
    *,
    render: Renderer,
    window: Callable[[Sequence[Path]], int],
) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str
        Everything after the program's name.
    render : callable (Report, Path)
        Writes a report as PDF; imported only when it is called.
    window : callable (files) -> int
        Opens the window.

    Returns
    -------
    int
        The exit code: 0 done, 2 bad arguments, 3 unreadable or refused, 4 failed check.
    """
    options = parser().parse_args(arguments)
    if options.command in {None, "window"}:
        return window(getattr(options, "files", []))
    try:
        with redirect_stdout(cast("TextIO", PlainOutput(sys.stdout))):
            code = _command(options, render)
            sys.stdout.flush()
        return code
    except SpectraError as error:
        sys.stderr.write(f"{below_the_bar()}spectra: {spelled_out(str(error))}\n")
        if error.code == STOPPED_CODE:
            return EXIT_ARGUMENTS
        return EXIT_INTEGRITY if error.code in INTEGRITY_CODES else EXIT_REFUSED
    except UnicodeError:
        sys.stderr.write(
            f"{below_the_bar()}spectra: something that was typed, or a file of words, holds bytes "
            "that are no text (UTF-8); nothing of this was kept; type it again\n"
        )
        return EXIT_REFUSED
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            return _reader_gone()
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(
            f"{below_the_bar()}spectra: {place}{error.strerror or error}; free space, check the"
            " path and the permissions, then run it again\n"
        )
        return EXIT_REFUSED
    except KeyboardInterrupt as error:
        words = "; ".join(("stopped", *getattr(error, "__notes__", ())))
        sys.stderr.write(f"{below_the_bar()}spectra: {spelled_out(words)}\n")
        return EXIT_ARGUMENTS


def _reader_gone() -> int:
    """End quietly when the reader of our output went away (``| head``)."""
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  the exit closes it
    return EXIT_OK


def _command(options: Any, render: Renderer) -> int:
    from spectra_app.cli import commands, evaluating, incident, statistics

    options.render = render
    handlers: dict[str, Callable[[], int]] = {
        "demo": lambda: commands.demo(options, render),
        "identify": lambda: commands.identify(options, render),
        "batch": lambda: commands.batch(options),
        "evaluate": lambda: evaluating.evaluate(options, render),
        "convert": lambda: options.run(options),
        "formats": lambda: options.run(options),
        "library": lambda: options.run(options),
        "substances": lambda: options.run(options),
        "lists": lambda: options.run(options),
        "calibrate": lambda: options.run(options),
        "devices": lambda: options.run(options),
        "users": lambda: options.run(options),
        "audit": lambda: options.run(options),
        "statistics": lambda: statistics.run(options, render),
        "case": lambda: options.run(options),
        "incident": lambda: incident.run(options, render),
        "notices": lambda: options.run(options),
        "policy": lambda: options.run(options),
    }
    return handlers[options.command]()
