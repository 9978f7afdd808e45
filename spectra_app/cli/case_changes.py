"""``spectra case``: what is said of cases and items, typed, changed, amended."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from spectra_app.cli.casework import action, told
from spectra_app.cli.who import signed_in
from spectra_app.errors import AppError

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.office import Office, Session

MODES = ("mail", "express", "air passenger", "air cargo", "sea", "road", "rail", "other")
UNITS = ("mg", "g", "kg", "ml", "l", "pieces")
OF_CASES = {
    "reference": ("NUMBER", "your own number"),
    "event_at": ("TIME", "when it happened: 2026-11-22T10:15:00Z"),
    "origin": ("PLACE", "where it came from"),
    "destination": ("PLACE", "where it goes to"),
    "circumstances": ("TEXT", "what happened"),
}
OF_ITEMS = {
    "condition": ("TEXT", "how it was received"),
    "sampling": ("TEXT", "how the n packages were chosen"),
    "weight": ("NUMBER", "as read"),
    "weight_how": ("TEXT", "gross or net, which balance"),
    "form": ("TEXT", "powder, tablet, liquid ..."),
    "concealment": ("TEXT", "how it was hidden"),
}


def case_options(command: argparse.ArgumentParser, default: str | None = "") -> None:
    """Add what is said of a case."""
    _texts(command, OF_CASES, default)
    command.add_argument("--mode", default=default, choices=MODES, help="how it travelled")
    command.add_argument(
        "--person", dest="persons", action="append", metavar="NAME",
        help="sender, addressee, traveller; repeatable",
    )  # fmt: skip


def item_options(command: argparse.ArgumentParser, default: str | None = "") -> None:
    """Add what is said of an item."""
    _texts(command, OF_ITEMS, default)
    command.add_argument(
        "--number", dest="identifiers", action="append", metavar="NUMBER",
        help="parcel (S10), waybill, container, shipping unit, or seal:NUMBER; repeatable",
    )  # fmt: skip
    command.add_argument("--weight-unit", default=default, choices=UNITS)
    none = None if default is None else 0
    command.add_argument("--packages", type=int, default=none, metavar="N", help="there are N")
    command.add_argument("--sampled", type=int, default=none, metavar="n", help="n were examined")


def _texts(
    command: argparse.ArgumentParser, texts: dict[str, tuple[str, str]], default: str | None
) -> None:
    for name, (shown, text) in texts.items():
        command.add_argument(
            f"--{name.replace('_', '-')}", default=default, metavar=shown, help=text
        )


def add(actions: Commands) -> None:
    """Add the actions that say something else than before."""
    changing = action(actions, "change", "change what is said of a case", change)
    changing.add_argument("case", metavar="CASE")
    changing.add_argument("--title", metavar="TITLE", help="in a few words")
    case_options(changing, None)
    restating = action(actions, "change-item", "change what is said of an item", change_item)
    restating.add_argument("item", metavar="ITEM")
    restating.add_argument("--description", metavar="TEXT", help="what it is")
    item_options(restating, None)
    telling = action(actions, "history", "show what was said of a case or item before", history)
    telling.add_argument("about", metavar="CASE|ITEM")
    amending = action(actions, "amend", "correct what a record says; it stays as it is", amend)
    amending.add_argument("kind", metavar="KIND", help="case, item, scan, custody, note ...")
    amending.add_argument("id", metavar="ID")
    amending.add_argument("amended", metavar="TEXT", help="what it should say")
    amending.add_argument("--field", default="", metavar="FIELD")
    amending.add_argument("--why", required=True, metavar="TEXT")


def change(options: argparse.Namespace) -> int:
    """Change a case."""
    from spectra_app.services.cases import opening

    typed = _typed(options, opening.CHANGED)
    with signed_in(options) as (office, session):
        made = opening.change_case(office, session, options.case, typed)
        reports = _reports(office, session, case=made.id)
    return told(options, made, "\n".join((f"Case {made.id} is changed", *reports)))


def change_item(options: argparse.Namespace) -> int:
    """Change an item."""
    from spectra_app.services.cases import items

    typed = _typed(options, items.CHANGED)
    with signed_in(options) as (office, session):
        made = items.change_item(office, session, options.item, typed)
        reports = _reports(office, session, case=made.case, item=made.id)
    return told(options, made, "\n".join((f"Item {made.id} is changed", *reports)))


def _typed(options: argparse.Namespace, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return what was typed, empty texts too: they take back what was said."""
    typed = {name: getattr(options, name) for name in fields}
    given = {name: value for name, value in typed.items() if value is not None}
    for name, value in given.items():
        if isinstance(value, list):
            given[name] = tuple(one for one in value if one.strip())
    if not given:
        raise AppError("nothing to change was typed", "", "see --help for what can be changed")
    return given


def _reports(office: Office, session: Session, case: str, item: str = "") -> list[str]:
    """Say which reports still say what was said before."""
    from spectra_app.services.cases.listing import show_case

    reports = show_case(office, session, case).reports
    replaced = {one.amends for one in reports}
    return [
        f"Report {one.id} says what was said before: issue another one with --amends {one.id}"
        for one in reports
        if item in {"", one.item} and one.id not in replaced
    ]


def history(options: argparse.Namespace) -> int:
    """Show what was said before."""
    from spectra_app.services.cases.history import history_of, logins
    from spectra_app.services.cases.listing import what_is

    with signed_in(options) as (office, session):
        kind = what_is(office, session, options.about)
        found = history_of(office, session, kind, options.about)
        names = logins(office, session)
    lines = [
        f"{one.at}  {names.get(one.by, one.by)}  {one.field}: {one.before!r} became {one.after!r}"
        for one in found
    ]
    return told(options, found, "\n".join(lines) or "Nothing of it was ever changed.")


def amend(options: argparse.Namespace) -> int:
    """Amend a record."""
    from spectra_app.services.cases import papers

    with signed_in(options) as (office, session):
        made = papers.amend(
            office, session, options.kind, options.id, options.amended,
            reason=options.why, field=options.field,
        )  # fmt: skip
    return told(
        options, made, f"Amendment {made.id}: the original stays, revision {made.of_revision}"
    )
