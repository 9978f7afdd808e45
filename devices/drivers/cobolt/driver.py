"""A Cobolt 04, 06 or 08 laser (such as the 08-NLD 785) as the laser of a modular analyser.

It is switched on only when a person asked for it, and never out of a fault: an interlock that was
open leaves a fault that this program does not clear (neither ``cf`` nor a start after it is ever
sent by itself). Whether it is on is read back from two places, its switch and its photodiode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from devices.drivers.alike import read_alike
from devices.drivers.cobolt import protocol
from devices.drivers.cobolt.line import CoboltLine
from devices.drivers.cobolt.protocol import Generation
from devices.errors import (
    BadAnswerError,
    ConfigurationError,
    InterlockError,
    LaserError,
    NotConnectedError,
    RefusedError,
    SettingsError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.interface import Limits
from devices.parts import Facts, LaserFacts, LaserReading
from devices.timing import Timing
from devices.transports.base import ByteStream

LIGHT_W: Final = 0.0002  # above the offset of the photodiode, far below any power that is set
LEAST_W: Final = 0.001  # set powers stay well above what can be told from no light
POWER_FITS: Final = 0.0002
FIRST_OFF_TRIES: Final = 3
AUTOSTART_ASKED: Final = "@cobas?"


@dataclass(frozen=True, slots=True)
class CoboltConfiguration:
    """What the papers of one laser say and its line does not.

    Parameters
    ----------
    max_power_w : float or None
        Rated power in watts, which is 100 per cent; without it the laser is never switched on.
    wavelength_nm : float or None
        Measured wavelength in nm; the nominal one of the model number when None.
    oem : bool
        True for an OEM model. False (the default) for a CDRH model with a key, which is never
        started by a command that goes round the key.
    start_s : float
        Longest time from being switched on to light.
    warm_up_s : float
        Time from light until it is steady.
    source : str
        Where this comes from.

    Raises
    ------
    ConfigurationError
        When a figure is not possible.
    """

    max_power_w: float | None = None
    wavelength_nm: float | None = None
    oem: bool = False
    start_s: float = 5.0
    warm_up_s: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        for name, value, lowest, highest in (
            ("rated power in W", self.max_power_w, LEAST_W, protocol.HIGHEST_W),
            ("wavelength in nm", self.wavelength_nm, 200.0, 2000.0),
            ("time to light in s", self.start_s, 0.0, 600.0),
            ("warm-up time in s", self.warm_up_s, 0.0, 3600.0),
        ):
            if value is not None and not lowest <= value <= highest:
                raise ConfigurationError(
                    f"a {name} of {value!r} is not possible (the wire and the papers speak of W)",
                    self.source,
                    "take it from the papers of the laser",
                )


class CoboltLaser:
    """A `devices.parts.LaserPart` over a serial line of its own.

    Parameters
    ----------
    stream : ByteStream
        The port; set to 115200 baud.
    timing : Timing
        Its time.
    configuration : CoboltConfiguration
        What its papers say.

    Raises
    ------
    TransportTimeoutError, WrongDeviceError
        When nothing answers, or something else.
    """

    def __init__(
        self, stream: ByteStream, timing: Timing, configuration: CoboltConfiguration
    ) -> None:
        stream.set_baud(protocol.BAUD)
        self._line = CoboltLine(stream, timing)
        self._configuration = configuration
        self._closed = False
        self._first_off()
        self._generation, self._facts = self._identify()
        self._autostart = self._optional(AUTOSTART_ASKED) == "1"

    @property
    def facts(self) -> LaserFacts:
        """See `LaserPart.facts`."""
        return self._facts

    def switch_on(self, power_percent: float) -> None:
        """Set the power, read it back, and switch on.

        Raises
        ------
        SettingsError, ConfigurationError
            When the power is outside the limits, or the rated power is not known.
        InterlockError, LaserError
            When the interlock is or was open, or it has another fault. Nothing is cleared.
        RefusedError
            When it refuses, as a model with a key does in autostart.
        AbortedError
            When it was switched off while this was under way.
        """
        since = self._line.offs
        power_w = self._power_w(power_percent)
        self._check_ready()
        words = protocol.set_power(power_w)
        protocol.check_ok(self._ask(words, since), words, self._line.where)
        is_w = protocol.watts(self._ask("p?", since), "p?", self._line.where)
        if abs(is_w - power_w) > POWER_FITS:
            raise BadAnswerError(
                f"the power was set to {power_w:.4f} W and reads back as {is_w:.4f} W",
                self._line.where,
                "do not use the laser until it is checked",
            )
        if self._generation is not Generation.G04:
            protocol.check_ok(self._ask("cp", since), "cp", self._line.where)
        # In autostart the plain switch is refused; the start that goes round it is for models
        # without a key only, and the check above has seen that there is no fault behind it.
        start = "@cob1" if self._autostart and self._configuration.oem else "l1"
        protocol.check_ok(self._ask(start, since), start, self._line.where)

    def switch_off(self) -> None:
        """See `LaserPart.switch_off`: written at once, before anything that waits for its turn."""
        self._check_open()
        self._line.off()

    def read(self) -> LaserReading:
        """See `LaserPart.read`: switch and photodiode, and without light interlock and fault, too.

        Each is asked now, a tenth of a second apart; while light comes out, interlock and fault
        would change nothing about what the caller has to believe.
        """
        self._check_open()
        where = self._line.where
        enabled = protocol.flag(self._ask("l?"), "l?", where)
        power_w = protocol.watts(self._ask("pa?"), "pa?", where)
        self._check_power(power_w)
        facts = (("laser power read", f"{1000.0 * power_w:.1f} mW"),)
        if power_w >= LIGHT_W:
            return LaserReading(enabled, can_fire=None, firing=True, facts=facts)
        is_open = protocol.flag(self._ask("ilk?"), "ilk?", where)
        fault = protocol.code(self._ask("f?"), "f?", where)
        return LaserReading(
            enabled=enabled,
            can_fire=not is_open and fault != protocol.INTERLOCK_FAULT,
            firing=False,
            fault=_fault_words(fault),
            facts=facts,
        )

    def refresh_watchdog(self) -> None:
        """Do nothing: it has no watchdog."""

    def close(self) -> None:
        """See `LaserPart.close`."""
        self._closed = True
        self._line.close()

    def _ask(self, words: str, unless_off_since: int | None = None) -> str:
        return self._line.ask(words, unless_off_since=unless_off_since)

    def _optional(self, words: str) -> str:
        """Return an answer that not every model has; empty when it refuses."""
        try:
            return self._ask(words)
        except RefusedError:
            return ""

    def _first_off(self) -> None:
        """Switch off before anything else; a command that was lost on the way is sent again."""
        for left in range(FIRST_OFF_TRIES - 1, -1, -1):
            try:
                self._line.off()
            except TransportTimeoutError:
                if not left:
                    raise
            except (BadAnswerError, RefusedError) as error:
                if not left:
                    raise WrongDeviceError(
                        f"something answers, but not a Cobolt laser: {error.what}",
                        self._line.where,
                        "check which port the laser is plugged into",
                    ) from error
            else:
                return

    def _identify(self) -> tuple[Generation, LaserFacts]:
        try:
            firmware = self._ask("gfv?")
            serial = read_alike(lambda: self._ask("sn?"), "serial number of the laser")
        except RefusedError as error:
            raise WrongDeviceError(
                f"something answers, but not a Cobolt laser: {error.what}",
                self._line.where,
                "check which port the laser is plugged into",
            ) from error
        model = read_alike(lambda: self._optional("glm?"), "model number of the laser")
        known = protocol.model_number(model)
        if known is None and (model or "." in firmware):
            raise WrongDeviceError(
                f"a laser of model {model!r} with firmware {firmware!r} is not known",
                self._line.where,
                "use a Cobolt 04, 06 or 08",
            )
        generation, nominal_nm = known or (Generation.G04, None)
        papers = self._configuration
        return generation, LaserFacts(
            model=model or "Cobolt 04",
            serial=serial,
            firmware=firmware,
            wavelength_nm=papers.wavelength_nm or nominal_nm,
            power_percent=_power_limits(papers.max_power_w),
            warning_delay_s=papers.start_s,
            warm_up_s=papers.warm_up_s,
            facts=self._more_facts(generation, nominal_nm),
        )

    def _more_facts(self, generation: Generation, nominal_nm: float | None) -> Facts:
        papers = self._configuration
        said = []
        if papers.wavelength_nm is not None:
            said.append(("laser wavelength", f"from the papers: {papers.wavelength_nm:g} nm"))
        if nominal_nm is not None:
            said.append(("laser wavelength by model number", f"{nominal_nm:g} nm"))
        if papers.max_power_w is not None:
            said.append(("laser rated power", f"{1000.0 * papers.max_power_w:g} mW"))
        said.append(("laser hours", self._optional("hrs?") or "not said"))
        current = self._optional("i?")
        if current:
            value = protocol.number(current, "i?", self._line.where)
            milliamperes = protocol.milliamperes(value, generation)
            said.append(("laser current when connected", f"{milliamperes:g} mA"))
        said.append(("laser papers", papers.source or "none"))
        return tuple(said)

    def _power_w(self, percent: float) -> float:
        self._check_open()
        rated_w = self._configuration.max_power_w
        if rated_w is None:
            raise ConfigurationError(
                "the rated power of the laser is not written down, so no power can be set",
                self._line.where,
                "enter the rated power from its papers",
            )
        limits = self._facts.power_percent
        if not limits.hold(percent):
            raise SettingsError(
                f"the laser power {percent!r} is outside {limits.lowest:g} to {limits.highest:g} %",
                "laser_power_percent",
                "choose a value inside these limits",
            )
        return rated_w * percent / 100.0

    def _check_ready(self) -> None:
        """Raise when the interlock is open or a fault is there; nothing is ever cleared here."""
        where = self._line.where
        is_open = protocol.flag(self._ask("ilk?"), "ilk?", where)
        fault = protocol.code(self._ask("f?"), "f?", where)
        if is_open:
            raise InterlockError("the interlock is open", where, "close it, then start again")
        if fault == protocol.INTERLOCK_FAULT:
            raise InterlockError(
                "the interlock was opened, and the laser holds that as a fault",
                where,
                "see why it was opened; then turn the key off and on, or its power",
            )
        if fault:
            raise LaserError(
                f"the laser reports a fault: {_fault_words(fault)}",
                where,
                "turn the key off and on; have it serviced when it comes back",
            )

    def _check_power(self, power_w: float) -> None:
        """Refuse a reading that no such laser can give: it is the answer to something else."""
        rated_w = self._configuration.max_power_w
        if rated_w is not None and power_w > 2.0 * rated_w:
            raise BadAnswerError(
                f"the laser reads {power_w:g} W and is rated for {rated_w:g} W",
                self._line.where,
                "check its papers and its cable",
            )

    def _check_open(self) -> None:
        if self._closed:
            raise NotConnectedError("the laser is closed", self._line.where, "open it again")


def _fault_words(fault: int) -> str:
    return protocol.FAULTS.get(fault, f"fault {fault}") if fault else ""


def _power_limits(rated_w: float | None) -> Limits:
    lowest = 1.0 if rated_w is None else max(1.0, 100.0 * LEAST_W / rated_w)
    return Limits(lowest, 100.0, "%")


def open_laser(
    wire: ByteStream, timing: Timing, *, configuration: CoboltConfiguration | None = None
) -> CoboltLaser:
    """Return the laser on `wire`, switched off.

    Parameters
    ----------
    wire : ByteStream
        The port that a person chose.
    timing : Timing
        Its time.
    configuration : CoboltConfiguration or None
        What its papers say; without them it can be read and switched off, but not on.

    Raises
    ------
    TransportTimeoutError, WrongDeviceError, BadAnswerError
        See `CoboltLaser`.
    """
    return CoboltLaser(wire, timing, configuration or CoboltConfiguration())
