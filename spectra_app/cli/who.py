"""Who acts: log in for one command, as `--user` with a password that is asked for.

A password is never an option's value and never an environment variable: other programs see those.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.asking import first_line, line_of, typed
from spectra_app.errors import ForbiddenError

if TYPE_CHECKING:
    from spectra_app.services.office import Office, Session


def who_options(command: argparse.ArgumentParser) -> None:
    """Let a command be told who acts."""
    command.add_argument("--user", required=True, metavar="NAME", help="your log-in name")
    command.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="read the password from the first line of a file instead of asking for it",
    )
    command.add_argument(
        "--password-fd",
        type=int,
        metavar="N",
        help="read the password from an open file descriptor, one line; every further password "
        "from its next line",
    )
    demo_option(command)


def station_options(command: argparse.ArgumentParser, *, second: bool = False) -> None:
    """Let a command be told who acts, which it asks for once the station was set up."""
    command.add_argument("--user", metavar="NAME", help="your log-in name, at a station with users")
    for flag, of in (("--password-file", "the password"),) + (
        (("--second-password-file", "the second person's password"),) if second else ()
    ):
        command.add_argument(
            flag, type=Path, metavar="FILE", help=f"read {of} from the first line of a file"
        )
    command.add_argument(
        "--password-fd", type=int, metavar="N", help="read passwords from an open file descriptor"
    )
    if second:
        command.add_argument("--second", metavar="NAME", help="log-in name of the second person")


@contextmanager
def one_of_station(options: argparse.Namespace) -> Iterator[tuple[Office, Session] | None]:
    """Log in who acts; None where no station was set up.

    Raises
    ------
    ForbiddenError
        When the station was set up and nobody is named, or that user may not log in.
    """
    from spectra_app.services.office import is_begun

    options.demo = False
    if not is_begun():
        yield None
        return
    if not options.user:
        raise ForbiddenError("this station has users", "", "say who acts with --user")
    with signed_in(options) as signed:
        yield signed


@contextmanager
def two_of_station(options: argparse.Namespace) -> Iterator[tuple[Office, Session, Session] | None]:
    """Log in who acts and the second person; as `one_of_station`."""
    with one_of_station(options) as signed:
        if signed is None:
            yield None
            return
        if not options.second:
            raise ForbiddenError("this is an act of two", "", "name the other with --second")
        with second_signed_in(signed[0], options) as second:
            yield *signed, second


def demo_option(command: argparse.ArgumentParser) -> None:
    """Let a command work in the demonstration."""
    command.add_argument(
        "--demo", action="store_true", help="in the demonstration, which is apart from evidence"
    )


def second_options(command: argparse.ArgumentParser) -> None:
    """Let a command be told who the second person is."""
    command.add_argument(
        "--second", required=True, metavar="NAME", help="log-in name of the second person"
    )
    command.add_argument(
        "--second-password-file",
        type=Path,
        metavar="FILE",
        help="read the second person's password from the first line of a file",
    )


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Office]:
    """Open the office that is there.

    Raises
    ------
    ForbiddenError
        When the station was never set up.
    AlteredError
        When it was, and its records are gone.
    """
    from spectra_app.services.office import is_begun, open_office
    from spectra_app.services.users import check_never_begun, has_users

    nobody = ForbiddenError(
        "this station has no users yet", "", "make the first with 'spectra users setup'"
    )
    if not is_begun(demo=options.demo):  # nothing is made by asking
        raise nobody
    with open_office(demo=options.demo) as office:
        if not has_users(office):
            check_never_begun(office)
            raise nobody
        yield office


@contextmanager
def signed_in(options: argparse.Namespace) -> Iterator[tuple[Office, Session]]:
    """Log in, lend the office and the session, and log out."""
    with opened(options) as office:
        words = secret_words(options, options.password_file, f"Password of {options.user}")
        with _session(office, options.user, words) as session:
            _tell(office, session)
            yield office, session


@contextmanager
def _session(office: Office, login: str, words: str) -> Iterator[Session]:
    from spectra_app.services.users import log_in, log_out

    session = log_in(office, login, words)
    try:
        yield session
    finally:
        with contextlib.suppress(ForbiddenError):  # it has ended by itself
            log_out(office, session)


def _tell(office: Office, session: Session) -> None:
    """Say aloud, beside the output, what nobody should overlook."""
    from spectra_app.services.users import session_state

    state = session_state(office, session)
    if state.demo:
        sys.stderr.write("spectra: DEMONSTRATION, not evidence\n")
    if state.emergency_until:
        sys.stderr.write(f"spectra: EMERGENCY ACCESS runs until {state.emergency_until}\n")
    if state.emergencies:
        sys.stderr.write(
            f"spectra: EMERGENCY ACCESS was used ({state.emergencies}); look at it with "
            "'spectra users emergencies'\n"
        )
    if state.removals:
        sys.stderr.write(
            "spectra: RETENTION WAS INTERRUPTED: evidence that had to go is still here; finish it "
            "with 'spectra case retention-finish'\n"
        )


@contextmanager
def second_signed_in(office: Office, options: argparse.Namespace) -> Iterator[Session]:
    """Log the second person in, lend the session, and log out."""
    title = f"Password of {options.second}"
    words = secret_words(options, options.second_password_file, title)
    with _session(office, options.second, words) as session:
        yield session


def secret_words(
    options: argparse.Namespace, path: Path | None, title: str, *, twice: bool = False
) -> str:
    """Return a password from a file, the descriptor of ``--password-fd``, or the terminal."""
    if path is not None:
        return first_line(path)
    if options.password_fd is not None:
        return line_of(options.password_fd)
    return typed(title, "give a file with the password, or --password-fd", twice=twice)
