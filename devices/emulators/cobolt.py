"""An emulated Cobolt 04, 06 or 08 laser on a serial line.

Follows `DEVICE-PROTOCOLS.md` section 4.4, and is written without the driver's words. Its light is
that of a bench, which it may share with the spectrometer that it is paired with: one bench, two
wires. Answers end with CR LF, which programs that read to either of them understand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from devices.drivers.cobolt.driver import CoboltConfiguration
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.bench_model import BenchModel
from devices.sample import Sample

BAUD: Final = 115_200
ILLEGAL: Final = "Syntax error: illegal command"
LONGEST_COMMAND: Final = 64
INTERLOCK_FAULT: Final = 3


@dataclass(frozen=True, slots=True)
class EmulatedCobolt:
    """One model of the family.

    Parameters
    ----------
    model_number : str
        Answer to ``glm?``; empty for a 04, which has no such command.
    serial, firmware : str
        Answers to ``sn?`` and ``gfv?``; the firmware of a 04 has no point in it.
    max_power_w : float
        Rated power.
    newer : bool
        Whether it is an 06 or 08: milliamperes, and the modes of ``gom?`` and ``gam?``.
    laser_nm : float
        Its wavelength.
    """

    model_number: str
    serial: str
    firmware: str
    max_power_w: float
    newer: bool
    laser_nm: float


MODELS: Final = {
    "08-NLD-785": EmulatedCobolt(
        "0785-08-01-0100-EMULATED", "EMULATED-08-0001", "2.1.0 emulated", 0.100, True, 785.0
    ),
    "06-MLD-785": EmulatedCobolt(
        "0785-06-01-0120-EMULATED", "EMULATED-06-0001", "1.4.2 emulated", 0.120, True, 785.0
    ),
    "04-01-785": EmulatedCobolt("", "EMULATED04", "4026", 0.050, False, 785.0),
}
DEFAULT_MODEL: Final = "08-NLD-785"


def configuration(model: str = DEFAULT_MODEL, *, oem: bool = True) -> CoboltConfiguration:
    """Return the papers of an emulated laser: what a station would write down about it."""
    row = MODELS[model]
    return CoboltConfiguration(
        max_power_w=row.max_power_w,
        wavelength_nm=row.laser_nm,
        oem=oem,
        start_s=1.0,
        source="emulator",
    )


# What sets a number and what asks for it: modulation, its powers and currents, impedance, and the
# temperature of the modulator. They change nothing of the light here.
_STORED: Final = {
    "slc": "glc?",
    "smc": "gmc?",
    "slth": "glth?",
    "slmp": "glmp?",
    "sdmes": "gdmes?",
    "sames": "games?",
    "salis": "galis?",
    "stec4t": "gtec4t?",
    "@cobasdr": "@cobasdr?",
}
_NEWER_ONLY: Final = frozenset(_STORED) - {"slc", "@cobasdr"}
_NEWER_ASKED: Final = frozenset(_STORED[name] for name in _NEWER_ONLY)


class CoboltEmulator:
    """A `devices.emulators.wire.SerialModel`.

    Parameters
    ----------
    bench : Bench
        Whose laser it is.
    row : EmulatedCobolt
        Its model.
    oem : bool
        Whether it is an OEM model; a CDRH model takes neither ``cf`` nor ``@cob1``: it has a key.
    autostart : bool
        Whether it starts by itself, at power-up or when the key is turned.
    """

    def __init__(
        self, bench: Bench, row: EmulatedCobolt, *, oem: bool = True, autostart: bool = False
    ) -> None:
        self.bench, self.row, self.oem = bench, row, oem
        self.unknown_commands = 0
        self._autostart, self._key_on = autostart, True
        self._tripped = False
        self._power_w = row.max_power_w
        self._modulated = self._constant_current = False
        self._memory = dict.fromkeys(_STORED.values(), 0.0)
        self._memory["gtec4t?"] = 25.0
        self._in, self._out = bytearray(), bytearray()
        self._answers: dict[str, Callable[[], str]] = {
            "?": lambda: "OK",
            "sn?": lambda: row.serial,
            "gfv?": lambda: row.firmware,
            "hrs?": lambda: f"{12.5 + bench.time_s / 3600.0:.2f}",
            "l?": lambda: str(int(bench.laser_enabled)),
            "l1": self._switch_on,
            "l0": self._switch_off,
            "@cob1": self._start,
            "@cob0": self._switch_off,
            "@cobas?": lambda: str(int(self._autostart)),
            "p?": lambda: f"{self._power_w:.4f}",
            "pa?": lambda: f"{self._emitted_w():.4f}",
            "i?": self._current,
            "ilk?": lambda: str(int(not bench.interlock_closed())),
            "f?": lambda: str(self._fault()),
            "cf": self._clear,
            "leds?": self._lamps,
        }
        if row.newer:
            self._answers |= {
                "glm?": lambda: row.model_number,
                "gom?": lambda: str(self._mode()),
                "gam?": lambda: "2" if self._modulated else str(int(not self._constant_current)),
                "cp": lambda: self._regulate(current=False),
                "ci": lambda: self._regulate(current=True),
                "em": self._modulate,
                "eoom": lambda: "OK",
                "xoom": lambda: "OK",
                "rtec4t?": lambda: "25.000",
            }
        if autostart:
            self._light_up()

    @property
    def baud(self) -> int:
        """See `SerialModel.baud`."""
        return BAUD

    def receive(self, data: bytes, at_s: float) -> None:
        """See `SerialModel.receive`."""
        with self.bench.lock:
            self._pass_time(at_s)
            self._in += data
            while b"\r" in self._in:
                line, _, rest = bytes(self._in).partition(b"\r")
                self._in[:] = rest
                self._out += self._answer(line).encode("ascii") + b"\r\n"
            del self._in[:-LONGEST_COMMAND]

    def send(self, at_s: float) -> bytes:
        """See `SerialModel.send`."""
        with self.bench.lock:
            self._pass_time(at_s)
            said = bytes(self._out)
            self._out.clear()
            return said

    def next_s(self) -> float | None:
        """See `SerialModel.next_s`: the controller never talks unasked."""
        return None

    def turn_key(self, on: bool) -> None:
        """Turn the key of a CDRH model: off ends light and fault; on starts it in autostart."""
        with self.bench.lock:
            self._key_on = on
            if not on:
                self._switch_off()
                self._forget_trip()
            elif self._autostart:
                self._light_up()

    def _pass_time(self, at_s: float) -> None:
        self.bench.advance_to(at_s)
        self.bench.check_plugged()  # nothing answers without power
        if self.bench.laser_enabled and not self.bench.interlock_closed():
            self._tripped = True
            self.bench.laser(False)

    def _answer(self, line: bytes) -> str:
        words = line.lstrip(b"\n").decode("latin-1")
        known = self._answers.get(words)
        if known is not None:
            return known()
        name, space, argument = words.partition(" ")
        if space and name == "p":
            return self._set_power(argument)
        if space and name == "@cobas" and argument in ("0", "1"):
            self._autostart = argument == "1"
            return "OK"
        if self.row.newer or (name not in _NEWER_ONLY and words not in _NEWER_ASKED):
            if space and name in _STORED:
                return self._store(name, argument)
            if words in self._memory:
                return f"{self._memory[words]:g}"
        self.unknown_commands += 1
        return ILLEGAL

    def _store(self, name: str, argument: str) -> str:
        value = _number(argument)
        if value is None:
            return "Syntax error: illegal argument"
        self._memory[_STORED[name]] = value
        return "OK"

    def _set_power(self, argument: str) -> str:
        watts = _number(argument)
        if watts is None or not 0.0 <= watts <= 1.1 * self.row.max_power_w:
            return "Syntax error: illegal argument"
        self._power_w = watts
        if self.bench.laser_enabled:
            self._light_up()
        return "OK"

    def _switch_on(self) -> str:
        if self._autostart:
            return "Syntax error: not allowed in autostart"
        return self._light_up()

    def _start(self) -> str:
        if not self.oem:
            return "Syntax error: not allowed, use the key"
        return self._light_up()

    def _light_up(self) -> str:
        if not self._key_on:
            return "Syntax error: key is off"
        if self._fault() or not self.bench.interlock_closed():
            return "Syntax error: fault"
        self.bench.laser(True, self._power_w / self.row.max_power_w)
        return "OK"

    def _switch_off(self) -> str:
        self.bench.laser(False)
        return "OK"

    def _clear(self) -> str:
        if not self.oem:
            return "Syntax error: not allowed, use the key"
        if self.bench.interlock_closed():
            self._forget_trip()
        return "OK"

    def _forget_trip(self) -> None:
        self._tripped = False
        self.bench.clear_trip()

    def _fault(self) -> int:
        return INTERLOCK_FAULT if self._tripped or self.bench.interlock_tripped else 0

    def _emitted_w(self) -> float:
        return self._power_w if self.bench.laser_firing else 0.0

    def _current(self) -> str:
        share = self._power_w / self.row.max_power_w
        amperes = 0.060 + 0.140 * share if self.bench.laser_enabled else 0.0
        return f"{1000.0 * amperes:.1f}" if self.row.newer else f"{amperes:.4f}"

    def _mode(self) -> int:
        """Return the answer to ``gom?``: fault, waiting for the key, off, modulated or steady."""
        if self._fault():
            return 5
        if not self._key_on:
            return 1
        if not self.bench.laser_enabled:
            return 0
        return 4 if self._modulated else 2

    def _lamps(self) -> str:
        """Return the four lamps: power, laser on, light locked, error."""
        bench = self.bench
        lamps = (True, bench.laser_enabled, bench.laser_firing, bool(self._fault()))
        return str(sum(lit << place for place, lit in enumerate(lamps)))

    def _regulate(self, *, current: bool) -> str:
        self._constant_current, self._modulated = current, False
        return "OK"

    def _modulate(self) -> str:
        self._modulated = True
        return "OK"


def _number(text: str) -> float | None:
    """Return a plain decimal number, as a controller reads one; None for anything else."""
    if not text.isascii() or not text.replace(".", "", 1).replace("-", "", 1).isdigit():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _lone_model(row: EmulatedCobolt) -> BenchModel:
    """Return a bench for a laser without a spectrometer: something small that it can light."""
    return BenchModel(
        model="laser alone emulated",
        detector="none",
        laser_nm=row.laser_nm,
        wavelength_coefficients_nm=(row.laser_nm + 15.0, 1.0),
        pixels=64,
        resolution_cm1=20.0,
        interlock_latches=True,
    )


def emulator(
    sample: Sample | None = None,
    seed: int = 0,
    *,
    model: str = DEFAULT_MODEL,
    faults: Faults = NO_FAULTS,
    bench: Bench | None = None,
    oem: bool = True,
    autostart: bool = False,
) -> CoboltEmulator:
    """Return an emulated laser, off unless it starts by itself.

    Parameters
    ----------
    sample : Sample or None
        What lies in front of a laser with a bench of its own.
    seed : int
        Seed of all chance of a bench of its own.
    model : str
        One of `MODELS`.
    faults : Faults
        What goes wrong inside a bench of its own.
    bench : Bench or None
        The bench of the spectrometer that it is paired with; one of its own when None.
    oem, autostart : bool
        See `CoboltEmulator`.
    """
    row = MODELS[model]
    own = bench or Bench(_lone_model(row), sample or Sample(), seed, faults)
    return CoboltEmulator(own, row, oem=oem, autostart=autostart)
