"""Every service about cases, users and reports, as everybody who might call it: nothing gets past.

The functions are found by walking `spectra_app.services`: whatever takes an office and a session is
tried, with a gate in the place of the office that lets nothing be touched before `require`.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache

import pytest
from msgspec.structs import replace

import spectra_app.services
from spectra_app.errors import ForbiddenError
from spectra_app.records.access import (
    ACTIONS,
    CLEARED,
    EMERGENCY,
    FIRST_OF_ALL,
    SECOND,
    Role,
    User,
)
from spectra_app.records.sessions import Session
from spectra_app.services import users
from spectra_app.services.office import Office

WORDS = "seven green herons wade"
OWN_SESSION = {"log_out", "lock_session", "unlock_session"}
"""What somebody may do with a session that is locked: end it, lock it, give the password."""
WITHOUT_SESSION = {"log_in", "has_users", "check_never_begun", "set_up_first_supervisor"} | {
    "unattended_scan",
    "unattended_exposure",
}
"""What is there before anybody is logged in; a laser is recorded whoever used it."""
HANDS = {"check_typed", "facts_of_scan", "keep_password", "enter_answer", "collected", "marked"} | {
    *("chosen_scans", "sight_of", "uncleared_sight", "everything", "visible"),
}
"""What services call after they have asked; no window and no command line does."""


class Past(Exception):  # noqa: N818  no error
    """The function got past `require`, which let it do this."""


class Gate:
    """Asks the real office, and ends the call when it says yes; nothing else can be touched."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.asked: list[str] = []

    def require(self, session, action):
        self.asked.append(action)
        self._office.require(session, action)
        raise Past(action)

    def require_second(self, session, _second, action):
        self.require(session, action)

    def __getattr__(self, name):
        raise AssertionError(f"office.{name} is used before require")


def modules():
    """Return every module of the services."""
    root = spectra_app.services
    found = pkgutil.walk_packages(root.__path__, root.__name__ + ".")
    return [importlib.import_module(one.name) for one in found]


@cache
def calls():
    """Return the calls of methods in each module of the services, by its name."""
    return {
        module.__name__: [
            node
            for node in ast.walk(ast.parse(inspect.getsource(module)))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ]
        for module in modules()
    }


def asked_in(nodes):
    """Return the actions that calls ask for by name."""
    asking = {"require", "require_second", "allows"}
    last = [node.args[-1] for node in nodes if node.func.attr in asking and node.args]
    return {argument.value for argument in last if isinstance(argument, ast.Constant)}


def public_functions() -> Iterator[tuple[str, object, list[str]]]:
    """Yield name, function and parameter names of each public function of the services."""
    for module in modules():
        for name, function in vars(module).items():
            ours = getattr(function, "__module__", "") == module.__name__
            if ours and inspect.isfunction(function) and not name.startswith("_"):
                yield (
                    f"{module.__name__}.{name}",
                    function,
                    list(inspect.signature(function).parameters),
                )


@pytest.fixture(scope="module")
def acts():
    """Return every service that is about an office and a session, by name."""
    found = {
        name: function
        for name, function, parameters in public_functions()
        if parameters[:2] == ["office", "session"] and name.rpartition(".")[2] not in OWN_SESSION
    }
    assert len(found) > 10
    return found


def attempt(function, gate, session):
    """Call it with what it needs and return how it ended."""
    needed = list(inspect.signature(function).parameters.values())[2:]
    empty = inspect.Parameter.empty
    places = [object() for p in needed if p.default is empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    named = {p.name: object() for p in needed if p.default is empty and p.kind is p.KEYWORD_ONLY}
    try:
        result = function(gate, session, *places, **named)
        if inspect.isgenerator(result):
            next(result)
        elif hasattr(result, "__enter__"):
            with result:
                pass
    except Past:
        return "past"
    except ForbiddenError:
        return "refused"
    except Exception as error:  # noqa: BLE001  it is reported with the function's name
        return f"{type(error).__name__}: {error}"
    return "did not ask"


def state(office):
    """Return all that could have been written."""
    files = sorted(path for path in office.evidence.folder.rglob("*"))
    with office.ledger.reading() as connection:
        counts = [
            connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()  # noqa: S608
            for table in ("audit", "revisions", "keys", "secrets")
        ]
    return files, counts, office.ledger.head()


@pytest.fixture
def nobodies(office, logged_in, office_clock):
    """Return what is no session, or not one any more; each was a supervisor's."""
    boss = logged_in["supervisor"]
    sessions = {}
    for login in ("out", "locked", "idle", "over", "by hand"):
        user = users.add_user(office, boss, login, login, role="supervisor", temporary=WORDS + "!")
        sessions[login] = users.log_in(office, login, WORDS + "!")
        users.change_password(office, sessions[login], WORDS + "!", WORDS)
        if login == "locked":
            locked = user
    users.log_out(office, sessions["out"])
    office_clock.skip(16 * 60)
    for session in (*logged_in.values(), sessions["locked"], sessions["by hand"]):
        users.unlock_session(office, session, WORDS)
    lock_elsewhere(office, locked.id)
    users.lock_session(office, sessions["by hand"])
    return sessions | {
        "none": None,
        "a text": boss.id,
        "made up": Session("0" * 64, "u1", office_clock()),
        "a copy": Session(boss.id, boss.user, boss.since),
    }


def lock_elsewhere(office, user):
    """Lock a user as another desk does: this one is not told."""
    stored = office.ledger.get(User, user)
    with office.ledger.writing("u1") as writing:
        writing.put(replace(stored.record, state="locked"), "user locked", after=stored.revision)


def test_only_what_the_table_allows_gets_past(office, logged_in, acts):
    before, wrong = state(office), []
    for name, function in acts.items():
        for role in Role:
            gate = Gate(office)
            ended = attempt(function, gate, logged_in[role])
            action = gate.asked[0] if gate.asked else ""
            allowed = role in ACTIONS.get(action, ()) and action not in CLEARED
            if action not in ACTIONS or ended != ("past" if allowed else "refused"):
                wrong.append(f"{name} as {role}: {ended} (asked {action!r})")
    assert wrong == []
    assert state(office) == before


def test_nobody_else_gets_past(office, nobodies, acts):
    before, past = state(office), []
    for name, function in acts.items():
        for who, session in nobodies.items():
            ended = attempt(function, Gate(office), session)
            if ended != "refused":
                past.append(f"{name} as {who}: {ended}")
    assert past == []
    assert state(office) == before


def test_a_temporary_password_allows_one_thing(office, logged_in, acts):
    users.add_user(
        office, logged_in["supervisor"], "x", "X", role="supervisor", temporary=WORDS + "!"
    )
    session = users.log_in(office, "x", WORDS + "!")
    past = {name for name, act in acts.items() if attempt(act, Gate(office), session) == "past"}
    assert {name.rpartition(".")[2] for name in past} == {"change_password", "session_state"}
    assert {"password.change", "session.show"} == FIRST_OF_ALL


def test_a_session_is_its_owners_until_it_ends(office, nobodies):
    for name in sorted(OWN_SESSION):
        for who in ("none", "a text", "made up", "a copy", "out"):
            function = getattr(users, name)
            password = (WORDS,) if name == "unlock_session" else ()
            with pytest.raises(ForbiddenError, match="nobody is logged in"):
                function(office, nobodies[who], *password)


def test_who_acts_is_always_asked_for():
    """A service that takes an office takes a session next, or nobody could say who acts."""
    without = {
        name.rpartition(".")[2]
        for name, function, parameters in public_functions()
        if parameters[:1] == ["office"] and parameters[1:2] != ["session"]
    }
    assert without - WITHOUT_SESSION - HANDS == set()


def test_every_action_that_is_asked_for_is_in_the_table():
    """Further down in a function too, where the gate does not look."""
    asked = {action for nodes in calls().values() for action in asked_in(nodes)}
    assert len(asked) > 20
    assert asked - ACTIONS.keys() == set()


def test_what_takes_in_from_elsewhere_refuses_to_mix():
    """Nothing of a demonstration becomes evidence, nor the other way round."""
    taking_in = [nodes for nodes in calls().values() if "case.import" in asked_in(nodes)]
    assert taking_in
    for nodes in taking_in:
        assert "refuse_mixing" in {node.func.attr for node in nodes}


def test_the_gate_finds_what_does_not_ask(office, logged_in):
    def asks_too_late(office, session, case):  # noqa: ARG001
        office.ledger.entries()

    def asks_never(office, session): ...

    def asks_for_something_else(office, session):
        office.require(session, "case.opne")

    boss = logged_in["supervisor"]
    assert "before require" in attempt(asks_too_late, Gate(office), boss)
    assert attempt(asks_never, Gate(office), boss) == "did not ask"
    assert attempt(asks_for_something_else, Gate(office), boss) == "refused"


def test_the_tables_agree():
    assert SECOND.keys() <= ACTIONS.keys()
    assert ACTIONS.keys() >= EMERGENCY | CLEARED | FIRST_OF_ALL
    assert not EMERGENCY & SECOND.keys()
    assert all(ACTIONS.values())
    for action in EMERGENCY:
        assert Role.SUPERVISOR in ACTIONS[action]
        assert len(ACTIONS[action]) < len(Role)
    for action in ACTIONS:
        noun, _, verb = action.partition(".")
        assert noun
        assert verb
