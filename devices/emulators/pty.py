"""An emulated instrument on a pseudo-terminal, where any program can open it as a serial port.

Linux and macOS only. Speeds, garbage at the wrong speed, pacing and faults of the cable are those
of `EmulatedStream`; the pseudo-terminal only carries its bytes. A program that waits without
giving other threads of its process a turn (vendor C++ libraries) needs the emulator in a process
of its own: `serve`.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import select
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType, TracebackType

from devices.emulators.faults import FaultLine, WireFault
from devices.emulators.stream import EmulatedStream
from devices.emulators.wire import SerialModel
from devices.errors import NotConnectedError, OpenError, TransportTimeoutError
from devices.timing import REAL_TIME, Timing

SLICE_S = 0.05
SHORTEST_S = 0.0005
MOST_UNREAD = 1 << 16  # what a host does not read is lost beyond this, as in a real buffer
STOP_S = 5.0


class PtyWire:
    """A pseudo-terminal with an emulated instrument behind it, served by a thread.

    Parameters
    ----------
    model : SerialModel
        The instrument.
    faults : iterable of WireFault
        What the cable does; `faults.arm` changes it later.
    paced : bool
        Whether bytes take their time.
    link : Path, optional
        A symbolic link to make to the port, for a name that does not change; an old link there is
        replaced, any other file is left alone (OpenError).
    timing : Timing
        The instrument's time.
    """

    def __init__(
        self,
        model: SerialModel,
        *,
        faults: Iterable[WireFault] = (),
        paced: bool = True,
        link: Path | None = None,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._master, self._slave = _pair(model.baud)
        self._port = os.ttyname(self._slave)
        self._timing = timing
        self._stream = EmulatedStream(model, timing, faults=faults, paced=paced, name=self._port)
        self._wake_out, self._wake_in = os.pipe()
        self._open_ends = [self._master, self._slave]
        self._open_pipe = [self._wake_out, self._wake_in]
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._unread = b""
        self._link: Path | None = None
        try:
            _make_link(link, self._port)
        except OpenError:
            self.stop()
            raise
        self._link = link

    @property
    def path(self) -> str:
        """The port to open: the link when there is one."""
        return str(self._link or self._port)

    @property
    def faults(self) -> FaultLine:
        """What the cable does."""
        return self._stream.faults

    def start(self) -> PtyWire:
        """Serve it in a thread, until `stop` or `unplug`."""
        self._thread = threading.Thread(target=self.run, name="emulated port", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End serving: the port hangs up and disappears, the link is removed."""
        self._stopping.set()
        if self._open_pipe:
            os.write(self._wake_in, b"x")
        if self._thread is not None:
            self._thread.join(STOP_S)
            self._thread = None
        self._disappear()
        _close_all(self._open_pipe)

    unplug = stop

    def __enter__(self) -> PtyWire:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def run(self) -> None:
        """Carry bytes until stopped; ends by itself when a fault pulls the cable."""
        try:
            while not self._stopping.is_set():
                self._wait()
                self._carry()
        except NotConnectedError:  # the fault "unplug"
            self._disappear()

    def _wait(self) -> None:
        """Wait until the host sends, the instrument has something to say, or a slice is over."""
        due_s = self._stream.next_s() - self._timing.now()
        outward = [self._master] if self._unread else []
        select.select(
            [self._master, self._wake_out], outward, [], min(max(due_s, SHORTEST_S), SLICE_S)
        )

    def _carry(self) -> None:
        self._stream.set_baud(_speed(self._slave))
        said = _read(self._master)
        if said:
            with contextlib.suppress(TransportTimeoutError):  # lost: a serial host is not told
                self._stream.write(said)
        self._unread = (self._unread + self._stream.discard())[:MOST_UNREAD]
        if self._unread:
            self._unread = self._unread[_written(self._master, self._unread) :]

    def _disappear(self) -> None:
        """Take the link away and hang up; a second time nothing happens."""
        _remove_link(self._link, self._port)
        self._link = None
        _close_all(self._open_ends)


def _close_all(ends: list[int]) -> None:
    """Close and forget, so that a number that the system gives out again is not closed twice."""
    while ends:
        os.close(ends.pop())


def serve(
    model: SerialModel,
    announce: Callable[[str], None],
    *,
    link: Path | None = None,
    faults: Iterable[WireFault] = (),
    paced: bool = True,
) -> None:
    """Serve an emulated instrument until Ctrl-C or a request to terminate; then tidy up.

    Call it from the main thread of a process.

    Parameters
    ----------
    announce : callable
        Called once with the path of the port, when it can be opened.

    Raises
    ------
    OpenError
        When the system has no pseudo-terminals, or the link's name is taken by another file.
    """
    wire = PtyWire(model, faults=faults, paced=paced, link=link)
    with _ending_politely():
        try:
            announce(wire.path)
            wire.run()
        except KeyboardInterrupt:
            return
        finally:
            wire.stop()


@contextlib.contextmanager
def _ending_politely() -> Iterator[None]:
    """Treat a request to terminate as Ctrl-C meanwhile."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _pair(baud: int) -> tuple[int, int]:
    """Return both ends of a new pseudo-terminal, raw, at the instrument's speed."""
    try:
        import pty
        import termios
        import tty
    except ImportError as error:
        raise OpenError(
            "this system has no pseudo-terminals",
            "emulated port",
            "use the emulated analysers inside the program; ports for other programs need Linux "
            "or macOS",
        ) from error
    master, slave = pty.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    constant = getattr(termios, f"B{baud}", None)
    if constant is not None:
        settings = termios.tcgetattr(slave)
        settings[4] = settings[5] = constant
        termios.tcsetattr(slave, termios.TCSANOW, settings)
    os.set_blocking(master, False)
    return master, slave


def _speed(slave: int) -> int:
    """Return the speed that the host has set, in bits per second."""
    import termios

    try:
        constant = termios.tcgetattr(slave)[5]
    except termios.error as error:
        raise NotConnectedError("the pseudo-terminal is closed") from error
    return _speeds().get(constant, int(constant))


@functools.cache
def _speeds() -> dict[int, int]:
    """Return the speed that each of the system's constants stands for."""
    import termios

    names = (name for name in dir(termios) if name[:1] == "B" and name[1:].isdigit())
    return {getattr(termios, name): int(name[1:]) for name in names}


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except BlockingIOError:
        return b""
    except OSError as error:
        if error.errno == errno.EIO:  # nobody has the other end open just now
            return b""
        raise NotConnectedError("the pseudo-terminal is closed") from error


def _written(master: int, data: bytes) -> int:
    try:
        return os.write(master, data)
    except BlockingIOError:
        return 0
    except OSError as error:
        raise NotConnectedError("the pseudo-terminal is closed") from error


def _make_link(link: Path | None, port: str) -> None:
    if link is None:
        return
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(port)
    except OSError as error:
        raise OpenError(
            f"the link cannot be made ({error.strerror})", str(link), "choose another name"
        ) from error


def _remove_link(link: Path | None, port: str) -> None:
    """Remove the link, unless somebody made it point elsewhere meanwhile."""
    if link is None:
        return
    with contextlib.suppress(OSError):
        if link.is_symlink() and link.readlink() == Path(port):
            link.unlink()
