"""What can go wrong inside an emulated instrument (its cable has faults of its own)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, in seconds of bench time; None for never.

    Assigned to a running bench (``bench.faults = replace(bench.faults, laser_stuck_on=True)``) it
    counts from that moment. A moment that has passed already means now.

    Parameters
    ----------
    unplugged_at_s : float or None
        From then on the bench does not answer.
    interlock_open_at_s, interlock_closed_at_s : float or None
        The interlock is open from the first moment until the second one (for ever without it).
    laser_stuck_on : bool
        The laser ignores being switched off, and its watchdog too.
    laser_never_fires : bool
        It can be enabled, but no light comes.
    laser_drops_out_at_s : float or None
        From then on no light comes, although it is enabled.
    laser_drops_out_after_s : float or None
        The light stops by itself that many seconds after it began, each time.
    watchdog_fires_at_s : float or None
        Then the instrument switches the laser off by itself, once.
    hot_at_s : float or None
        From then on the detector is not cooled any more and runs away to `BenchModel.runaway_c`.
    hangs_at_s : float or None
        No exposure that would end at or after that moment ends.
    stale_frame : bool
        The next exposure that is taken is the one before it once more; once per assignment.
    flat_frame : bool
        All pixels read the same.
    saturated : bool
        All pixels that see light are full.
    """

    unplugged_at_s: float | None = None
    interlock_open_at_s: float | None = None
    interlock_closed_at_s: float | None = None
    laser_stuck_on: bool = False
    laser_never_fires: bool = False
    laser_drops_out_at_s: float | None = None
    laser_drops_out_after_s: float | None = None
    watchdog_fires_at_s: float | None = None
    hot_at_s: float | None = None
    hangs_at_s: float | None = None
    stale_frame: bool = False
    flat_frame: bool = False
    saturated: bool = False


NO_FAULTS = Faults()


def past(moment: float | None, now: float) -> bool:
    """Return whether `moment` has come by `now`; never for None."""
    return moment is not None and now >= moment
