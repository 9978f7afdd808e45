"""How to measure a sample, as data: a plan says what may be chosen, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from devices.errors import SettingsError
from devices.exposures import DARK_FITS_WITHIN_K
from devices.interface import Capabilities, Settings

LONGEST_COUNTDOWN_S = 3600.0
LONGEST_BUDGET_S = 3600.0
GENTLE_COUNTDOWN_S = 30.0
GENTLE_LIGHT_S = 60.0
LEAST_POWER_PERCENT = 1.0
STEADY_SHARE = 0.5  # of what a dark bears, see `steadied`
MOST_AHEAD_S = 60.0  # a pace below that of noise cannot be told
COOLING_S = 180.0  # a cooler that needs longer is not waited for
JUDGED_S = 1.0  # what a steady detector costs

GENTLE_WARNING = (
    "Dark, coloured and energetic samples can burn or explode under any laser, also at its lowest"
    " power. Measure the smallest amount that will do, behind the shield that your rules ask for,"
    " and leave the place before the countdown ends. This program does not protect anybody."
)


@dataclass(frozen=True, slots=True)
class AutoExposure:
    """How the integration time is found; levels are shares of the saturation count.

    The figures are those of a vendor's own program at a saturation count of 65,535: start at
    100 ms, 10 to 2,000 ms, target 45,000, accepted 40,000 to 50,000, factors 5 and 0.5.

    Parameters
    ----------
    start_ms : float
        Integration time of the first trial.
    shortest_ms, longest_ms : float
        Range of the integration time, within that of the device.
    target, lowest, highest : float
        Level wanted at the strongest point, and the window that is accepted.
    max_factor : float
        Most that the time grows from one trial to the next.
    drop_factor : float
        What the time is multiplied by when a pixel was full.
    most_trials : int
        Trials after which the last time is taken as it is.
    """

    start_ms: float = 100.0
    shortest_ms: float = 10.0
    longest_ms: float = 2000.0
    target: float = 45_000 / 65_535
    lowest: float = 40_000 / 65_535
    highest: float = 50_000 / 65_535
    max_factor: float = 5.0
    drop_factor: float = 0.5
    most_trials: int = 15


@dataclass(frozen=True, slots=True)
class Thermal:
    """When the detector counts as ready: near its set point and steady.

    Parameters
    ----------
    setpoint_c : float or None
        Temperature wanted in degrees Celsius; None when it is not known: steady is enough then.
    within_k, steady_k : float
        Distance from the set point, and the range passed within `steady_s`.
    steady_s : float
        How long it has to be steady, in seconds.
    judged_s : float or None
        From when on the pace at which it moves is enough to tell, in seconds; None waits for all
        of `steady_s`.
    patience_s : float
        Time after which the measurement begins nevertheless, and says so.
    """

    setpoint_c: float | None = None
    within_k: float = 1.0
    steady_k: float = 0.1
    steady_s: float = 10.0
    judged_s: float | None = None
    patience_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a sample is measured.

    Parameters
    ----------
    settings : Settings
        Laser power always; time and averages where nothing below chooses them.
    auto : AutoExposure or None
        Finds the integration time; None leaves it as it is in `settings`.
    budget_s : float or None
        Time for sample and dark together, from the order to fire; decides the averages.
    wanted_snr : float or None
        Signal-to-noise ratio after which no further averages are made; decides the averages too.
    most_light_s : float or None
        Most seconds that the sample is exposed for, trials included.
    thermal : Thermal or None
        Waiting for the detector; None begins at once.
    countdown_s : float
        Laser off until it has ended; 0 for none.
    retry_saturated : bool
        Whether a saturated measurement is made again once with a shorter time.
    dark : bool
        Whether a dark is measured after the sample when none that fits is there.
    warning : str
        What has to be shown before it begins; empty for nothing.
    """

    settings: Settings
    auto: AutoExposure | None = None
    budget_s: float | None = None
    wanted_snr: float | None = None
    most_light_s: float | None = None
    thermal: Thermal | None = None
    countdown_s: float = 0.0
    retry_saturated: bool = True
    dark: bool = True
    warning: str = ""


def fixed_plan(settings: Settings) -> Plan:
    """Return the plan of measuring with `settings`, nothing chosen but a retry when saturated."""
    return Plan(settings)


def auto_plan(
    capabilities: Capabilities,
    *,
    laser_power_percent: float = 100.0,
    budget_s: float = 30.0,
    wanted_snr: float | None = 300.0,
) -> Plan:
    """Return the plan that finds integration time and averages; the power stays as it is given.

    Raises
    ------
    SettingsError
        When the time is not possible.
    """
    if not 0.0 < budget_s <= LONGEST_BUDGET_S:
        raise SettingsError(
            f"{budget_s!r} s for a measurement are not possible",
            "budget_s",
            f"choose more than 0 and at most {LONGEST_BUDGET_S:g} s",
        )
    return Plan(
        Settings(_start_ms(AutoExposure(), capabilities), 1, laser_power_percent),
        auto=AutoExposure(),
        budget_s=budget_s,
        wanted_snr=wanted_snr,
        most_light_s=budget_s,
    )


def gentle_plan(capabilities: Capabilities, *, countdown_s: float = GENTLE_COUNTDOWN_S) -> Plan:
    """Return the plan for dark or suspected energetic samples: least power, remote start.

    It lowers the heat that the sample gets. It protects nobody, and says so.

    Raises
    ------
    SettingsError
        When the program cannot set the power of the laser.
    """
    if not capabilities.switches_laser:
        raise SettingsError(
            "the program cannot set the laser power of this analyser",
            "laser_power_percent",
            "set it at the laser itself, or do not measure this sample with a laser",
        )
    power = max(capabilities.laser_power_percent.lowest, LEAST_POWER_PERCENT)
    plan = auto_plan(capabilities, laser_power_percent=power, budget_s=2.0 * GENTLE_LIGHT_S)
    gentle = replace(plan, most_light_s=GENTLE_LIGHT_S, warning=GENTLE_WARNING)
    return delayed(gentle, countdown_s)


def delayed(plan: Plan, countdown_s: float) -> Plan:
    """Return `plan` with a countdown before the laser is switched on, in seconds.

    Raises
    ------
    SettingsError
        When the countdown is not possible.
    """
    if not 0.0 <= countdown_s <= LONGEST_COUNTDOWN_S:
        raise SettingsError(
            f"a countdown of {countdown_s!r} s is not possible",
            "countdown_s",
            f"choose 0 to {LONGEST_COUNTDOWN_S:g} s",
        )
    return replace(plan, countdown_s=countdown_s)


def steadied(plan: Plan) -> Plan:
    """Return `plan` with a wait until the detector moves so slowly that its dark will fit.

    Sample and dark are half of the time each. A detector that has just been switched on cools
    faster than that for minutes.
    """
    seconds = min(MOST_AHEAD_S, 0.5 * (plan.budget_s or LONGEST_BUDGET_S))
    steady_k = STEADY_SHARE * DARK_FITS_WITHIN_K
    wait = Thermal(None, 1.0, steady_k, seconds, min(JUDGED_S, seconds), COOLING_S)
    return replace(plan, thermal=wait)


def _start_ms(auto: AutoExposure, capabilities: Capabilities) -> float:
    shortest, longest = time_range_ms(auto, capabilities)
    return min(max(auto.start_ms, shortest), longest)


def time_range_ms(auto: AutoExposure, capabilities: Capabilities) -> tuple[float, float]:
    """Return shortest and longest integration time in ms that plan and device both take."""
    limits = capabilities.integration_time_ms
    shortest = min(max(auto.shortest_ms, limits.lowest), limits.highest)
    return shortest, max(shortest, min(auto.longest_ms, limits.highest))
