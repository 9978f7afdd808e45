"""``spectra users``: the first supervisor, who may log in, and what they may do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import demo_option, opened, secret_words, signed_in, who_options
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from collections.abc import Callable

    from spectra_app.cli.arguments import Commands
    from spectra_app.services.office import Office, Session

WIDTHS = (25, 9, 12, 12, 26, 16)  # of the table of roles, in signs
ROLES = ("officer", "technician", "supervisor")


def add(commands: Commands) -> None:
    """Add the command ``users`` with its actions."""
    group = new(commands, "users", "say who may log in here, and what they may do")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    _setup(actions)
    second = _action(
        actions,
        "setup-second",
        "make a second supervisor, who chooses the password: while the first one is alone",
        setup_second,
    )
    second.add_argument("login", metavar="LOGIN", help="the name to log in with")
    second.add_argument("--name", required=True, help="as it stands on reports")
    _new_password(second)
    table = new(actions, "roles", "print which role may do what")
    table.add_argument("--json", action="store_true", help="print one JSON object per action")
    table.set_defaults(run=roles)
    listing = _action(actions, "list", "list the users", show)
    listing.add_argument("--json", action="store_true", help="print one JSON object per user")
    adding = _action(actions, "add", "add a user with a temporary password", make)
    adding.add_argument("login", metavar="LOGIN", help="the name to log in with")
    adding.add_argument("--name", required=True, help="as it stands on reports")
    adding.add_argument("--role", required=True, choices=ROLES)
    _new_password(adding)
    locking = _on_user(actions, "lock", "lock a user: no log-in, every session ends", lock)
    locking.add_argument("--why", required=True, metavar="TEXT")
    _on_user(actions, "unlock", "unlock a user, and forget log-ins that failed", unlock)
    _new_password(_on_user(actions, "reset", "give a user a temporary password", reset))
    role = _on_user(actions, "role", "give a user another role", change)
    role.add_argument("role", choices=ROLES, metavar="ROLE", help=", ".join(ROLES))
    naming = _on_user(actions, "rename", "change the name that stands on reports", rename)
    naming.add_argument("--name", required=True)
    clearing = _on_user(actions, "clearance", "say who may see findings of restricted lists", clear)
    clearing.add_argument("clearance", choices=("given", "withdrawn"))
    _new_password(_action(actions, "password", "change your own password", password))
    _limits_and_emergency(actions)


def _limits_and_emergency(actions: Commands) -> None:
    idle = _action(actions, "idle", "set after how long a session locks itself", set_idle)
    idle.add_argument("minutes", type=int, metavar="MINUTES")
    using = _action(
        actions, "emergency", "take rights of an absent supervisor for an hour: loudly", use
    )
    using.add_argument("rights", nargs="+", metavar="RIGHT", help="for example case.export")
    using.add_argument("--reason", required=True, metavar="TEXT")
    waiting = _action(
        actions, "emergencies", "list uses of emergency access, or acknowledge one", emergencies
    )
    waiting.add_argument("--acknowledge", metavar="ID")
    waiting.add_argument("--json", action="store_true", help="print one JSON object per use")


def _setup(actions: Commands) -> None:
    setting_up = new(
        actions, "setup", "make the first supervisor; possible once, while there is no user"
    )
    setting_up.add_argument("login", metavar="LOGIN", help="the name to log in with")
    setting_up.add_argument("--name", required=True, help="as it stands on reports")
    setting_up.add_argument("--password-fd", type=int, metavar="N", help="read the password there")
    _new_password(setting_up)
    demo_option(setting_up)
    setting_up.set_defaults(run=setup)


def _action(
    actions: Commands, name: str, text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    command = new(actions, name, text)
    who_options(command)
    command.set_defaults(run=run)
    return command


def _on_user(
    actions: Commands, name: str, text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    command = _action(actions, name, text, run)
    command.add_argument("login", metavar="LOGIN", help="the user concerned")
    return command


def _new_password(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--new-password-file",
        type=Path,
        metavar="FILE",
        help="read the new password from the first line of a file instead of asking for it",
    )


def _new_words(options: argparse.Namespace, title: str) -> str:
    return secret_words(options, options.new_password_file, title, twice=True)


def setup(options: argparse.Namespace) -> int:
    """Make the first supervisor."""
    from spectra_app.services import users
    from spectra_app.services.office import open_office

    words = _new_words(options, f"Password for {options.login}")
    with open_office(demo=options.demo) as office:
        user = users.set_up_first_supervisor(office, options.login, options.name, words)
        key = office.ledger.key.id
    print(f"{user.login} is the first supervisor of this station.")
    print(f"The station's key is {key}: write it down, and keep it elsewhere.")
    return EXIT_OK


def setup_second(options: argparse.Namespace) -> int:
    """Make a second supervisor."""
    from spectra_app.services import users

    with signed_in(options) as (office, session):
        words = _new_words(options, f"Password for {options.login}")
        user = users.set_up_second_supervisor(office, session, options.login, options.name, words)
    print(f"{user.login} is the second supervisor of this station.")
    return EXIT_OK


def roles(options: argparse.Namespace) -> int:
    """Print which role may do what."""
    from spectra_app.services.roles import roles_table

    header, *lines = roles_table()
    for line in lines if options.json else [header, *lines]:
        if options.json:
            print_json(dict(zip(header, line, strict=True)))
        else:
            print(
                "".join(
                    f"{word:{width}}" for word, width in zip(line, WIDTHS, strict=True)
                ).rstrip()
            )
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    """List the users."""
    from spectra_app.services.users import list_users

    with signed_in(options) as (office, session):
        for user in list_users(office, session):
            marks = ["locked"] * (user.state == "locked") + ["cleared"] * user.cleared
            marks += ["temporary password"] * user.must_change
            if options.json:
                print_json(
                    {"id": user.id, "login": user.login, "name": user.name, "role": user.role,
                     "state": user.state, "cleared": user.cleared,
                     "must_change": user.must_change, "reason": user.reason}
                )  # fmt: skip
            else:
                print(f"{user.id:5} {user.login:16} {user.role:11} {user.name}", *marks, sep="  ")
    return EXIT_OK


def make(options: argparse.Namespace) -> int:
    """Add a user."""
    from spectra_app.services.users import add_user

    with signed_in(options) as (office, session):
        words = _new_words(options, f"Temporary password for {options.login}")
        user = add_user(
            office, session, options.login, options.name, role=options.role, temporary=words
        )
    print(f"{user.id} {user.login} is {user.role}, and changes the password first")
    return EXIT_OK


def lock(options: argparse.Namespace) -> int:
    """Lock a user."""
    from spectra_app.services.users import lock_user

    with signed_in(options) as (office, session):
        lock_user(office, session, _id(office, session, options.login), options.why)
    print(f"{options.login} is locked")
    return EXIT_OK


def unlock(options: argparse.Namespace) -> int:
    """Unlock a user."""
    from spectra_app.services.users import unlock_user

    with signed_in(options) as (office, session):
        unlock_user(office, session, _id(office, session, options.login))
    print(f"{options.login} may log in")
    return EXIT_OK


def reset(options: argparse.Namespace) -> int:
    """Give a user a temporary password."""
    from spectra_app.services.users import reset_password

    with signed_in(options) as (office, session):
        user = _id(office, session, options.login)
        words = _new_words(options, f"Temporary password for {options.login}")
        reset_password(office, session, user, words)
    print(f"{options.login} changes the password first")
    return EXIT_OK


def change(options: argparse.Namespace) -> int:
    """Give a user another role."""
    from spectra_app.services.users import change_role

    with signed_in(options) as (office, session):
        change_role(office, session, _id(office, session, options.login), options.role)
    print(f"{options.login} is {options.role}")
    return EXIT_OK


def rename(options: argparse.Namespace) -> int:
    """Change a user's name."""
    from spectra_app.services.users import rename_user

    with signed_in(options) as (office, session):
        rename_user(office, session, _id(office, session, options.login), options.name)
    print(f"{options.login} is {options.name}")
    return EXIT_OK


def clear(options: argparse.Namespace) -> int:
    """Give or withdraw clearance."""
    from spectra_app.services.users import clear_user

    given = options.clearance == "given"
    with signed_in(options) as (office, session):
        clear_user(office, session, _id(office, session, options.login), cleared=given)
    print(f"{options.login} {'is' if given else 'is not'} cleared for restricted lists")
    return EXIT_OK


def password(options: argparse.Namespace) -> int:
    """Change one's own password."""
    from spectra_app.services.users import change_password, log_in, log_out

    with opened(options) as office:
        old = secret_words(options, options.password_file, f"Password of {options.user}")
        session = log_in(office, options.user, old)
        new_words = _new_words(options, "New password")
        change_password(office, session, old, new_words)
        log_out(office, session)
    print("the password was changed")
    return EXIT_OK


def set_idle(options: argparse.Namespace) -> int:
    """Set after how long a session locks itself."""
    from spectra_app.services.users import set_idle_limit

    with signed_in(options) as (office, session):
        set_idle_limit(office, session, options.minutes)
    print(f"sessions lock after {options.minutes} minutes")
    return EXIT_OK


def use(options: argparse.Namespace) -> int:
    """Take rights of an absent supervisor."""
    from spectra_app.services.emergency import use_emergency

    with signed_in(options) as (office, session):
        taken = use_emergency(office, session, options.rights, options.reason)
    print(f"EMERGENCY ACCESS {taken.id} until {taken.until}: {', '.join(taken.actions)}")
    print("Every use is entered in the audit chain, and the supervisor is told.")
    return EXIT_OK


def emergencies(options: argparse.Namespace) -> int:
    """List uses of emergency access, or acknowledge one."""
    from spectra_app.services.emergency import acknowledge_emergency, open_emergencies

    with signed_in(options) as (office, session):
        if options.acknowledge:
            done = acknowledge_emergency(office, session, options.acknowledge)
            print(f"{done.id} is acknowledged")
            return EXIT_OK
        for one in open_emergencies(office, session):
            if options.json:
                print_json(
                    {"id": one.id, "user": one.user, "rights": list(one.actions),
                     "reason": one.reason, "since": one.since, "until": one.until}
                )  # fmt: skip
            else:
                print(f"{one.id}  {one.user}  {one.since}  {', '.join(one.actions)}: {one.reason}")
    return EXIT_OK


def _id(office: Office, session: Session, login: str) -> str:
    from spectra_app.services.users import user_named

    return user_named(office, session, login).id
