"""Refuse internet sockets in every Python process of the test suite.

This folder stands first on PYTHONPATH while tests run, so each child Python loads this file by its
name; ``tests/conftest.py`` installs the same hook in the test process itself. A refusal is written
to the file named by SPECTRA_NETWORK_LOG before it is raised: code that swallows the exception is
caught all the same. Only the standard library, and only its cheap modules: every child pays for it.
"""

import os
import sys
from typing import Any

LOG_VARIABLE = "SPECTRA_NETWORK_LOG"

# Events of the interpreter that mean "the network", whatever their arguments are.
_ALWAYS_REFUSED = frozenset(
    {
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
        "http.client.connect",
        "urllib.Request",
        "ftplib.connect",
        "smtplib.connect",
        "imaplib.open",
        "poplib.connect",
        "webbrowser.open",
    }
)
_BY_FAMILY = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})

_installed = False
# Set in the test processes only: what a child (pip, venv) starts in turn is its own affair.
watch_children = False


class InternetSocketError(RuntimeError):
    """Something reached for the internet; not an OSError, so that few handlers swallow it."""


def _is_internet(family: int) -> bool:
    import _socket  # already loaded by whoever raised the event

    return family in (_socket.AF_INET, getattr(_socket, "AF_INET6", _socket.AF_INET))


def _refused(event: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether an audit event stands for the internet."""
    if event in _ALWAYS_REFUSED:
        return True
    if event == "socket.__new__":
        return _is_internet(int(arguments[1]))
    if event in _BY_FAMILY:
        return _is_internet(int(getattr(arguments[0], "family", -1)))
    return False


def _unguarded_child(arguments: tuple[Any, ...]) -> bool:
    """Tell whether a Python child is started so that it would not load this file."""
    executable, command, _, environment = arguments
    words = [os.fsdecode(word) for word in (command if isinstance(command, list | tuple) else ())]
    name = os.path.basename(os.fsdecode(executable or ""))  # noqa: PTH119  # no pathlib in children
    if not name.startswith(("python", "spectra")):
        return False
    options = "".join(w[1:] for w in words[1:2] if w.startswith("-") and not w.startswith("--"))
    if name.startswith("python") and any(letter in options for letter in "IES"):
        return True
    if environment is None:
        return False
    path = environment.get("PYTHONPATH", "")
    return os.path.dirname(__file__) not in os.fsdecode(path).split(os.pathsep)  # noqa: PTH120


def _write(what: str) -> None:
    """Append one JSON line to the log; a single short write is atomic between processes."""
    path = os.environ.get(LOG_VARIABLE)
    if not path:
        return
    import json

    line = json.dumps(
        {"test": os.environ.get("PYTEST_CURRENT_TEST", ""), "pid": os.getpid(), "what": what}
    )
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode() + b"\n")
    finally:
        os.close(handle)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    # Called for every import and every opened file: the prefix test keeps it cheap.
    if event == "subprocess.Popen" and watch_children and _unguarded_child(arguments):
        what = f"a child Python without the network guard: {arguments[1]!r}"
        _write(what)
        raise InternetSocketError(what)
    if not event.startswith(
        ("socket.", "http.", "urllib.", "webbrowser.", "ftplib.", "smtplib.", "imaplib.", "poplib.")
    ):
        return
    if _refused(event, arguments):
        what = f"{event} {arguments[1:]!r}"
        _write(what)
        raise InternetSocketError(f"the test suite opens no internet socket: {what}")


def install() -> None:
    """Install the hook once in this process; an audit hook cannot be removed again."""
    global _installed  # noqa: PLW0603  # one hook per process is the point
    if not _installed:
        sys.addaudithook(_hook)
        _installed = True


if __name__ == "sitecustomize":
    install()
