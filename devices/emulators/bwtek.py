"""An emulated B&W Tek BTC100-S or BTC110-S on a serial line.

Follows `DEVICE-PROTOCOLS.md` section 4.1, and is written without the driver's codec, so that a
mistake in one does not hide in the other. Where the papers are silent it does the plainest thing:
an unknown or impossible command is echoed (its readable characters) and not acknowledged, as
owners saw after noise; a query is answered echo, ACK, value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from devices.drivers.bwtek.configuration import BwtekConfiguration
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.bench_model import BenchModel, Flaws
from devices.sample import Sample

BAUDS: Final = (115_200, 38_400, 19_200, 9_600, 4_800, 2_400, 1_200, 600)
BAUD_AT_POWER_UP: Final = 9_600
SHORTEST_MS, LONGEST_MS = 50, 65_000
MOST_AVERAGES: Final = 65_535
LONGEST_COMMAND: Final = 64
NOISE_AT_POWER_UP: Final = b"\x00\xff\xfe\x80\x00"


@dataclass(frozen=True, slots=True)
class EmulatedBwtek:
    """One model of the family.

    Parameters
    ----------
    name : str
        What is printed on it; the line does not say it.
    bench : BenchModel
        Its figures, with those of the laser it is paired with.
    extra : str
        At which end the 2049th value of a binary scan stands; the papers do not say.
    """

    name: str
    bench: BenchModel
    extra: Literal["first", "last"] = "first"


def _bench_model(name: str) -> BenchModel:
    return BenchModel(
        model=f"{name} emulated",
        detector="emulated uncooled silicon array",
        laser_nm=785.0,
        wavelength_coefficients_nm=(788.0, 0.105, -3.0e-6, -2.0e-10),
        pixels=2048,
        resolution_cm1=9.0,
        offset_counts=1100.0,
        read_noise_e=16.0,
        dark_e_per_s=12.0,
        drift_nm=0.03,
        setpoint_c=28.0,
        start_c=25.0,
        cooling_time_s=300.0,
        interlock_latches=True,
        flaws=Flaws(offset_pattern_counts=20.0, response_pattern=0.01),
    )


MODELS: Final = {
    model.name: model
    for model in (
        EmulatedBwtek("BTC110-S", _bench_model("BTC110-S")),
        EmulatedBwtek("BTC100-S", _bench_model("BTC100-S"), extra="last"),
    )
}
DEFAULT_MODEL: Final = "BTC110-S"


def configuration(model: str = DEFAULT_MODEL) -> BwtekConfiguration:
    """Return the papers of an emulated instrument: what a station would write down about it."""
    row = MODELS[model]
    return BwtekConfiguration(
        model=f"{row.name} emulated",
        serial="EMULATED-BTC-0001",
        coefficients_nm=row.bench.wavelength_coefficients_nm,
        laser_nm=row.bench.laser_nm,
        source="emulator",
    )


class BwtekEmulator:
    """A `devices.emulators.wire.SerialModel`.

    Parameters
    ----------
    bench : Bench
        What it measures with; the laser paired with it may share it.
    row : EmulatedBwtek
        Its model.
    reset_interrupts : bool
        Whether ``Q`` ends a running scan at once, or waits for its end as other commands do.
    baud : int
        Speed it is at. It was switched on a while ago, so its greeting is past: a program that
        opens the port cannot tell when that was. `power_up` brings it again.
    """

    def __init__(
        self,
        bench: Bench,
        row: EmulatedBwtek,
        *,
        reset_interrupts: bool = True,
        baud: int = BAUD_AT_POWER_UP,
    ) -> None:
        self.bench, self.row = bench, row
        self.reset_interrupts = reset_interrupts
        self.last_scan: NDArray[np.int64] | None = None
        self.unknown_commands = 0
        self.power_up()
        self._baud = baud
        self._out.clear()

    @property
    def baud(self) -> int:
        """See `SerialModel.baud`; the answer to a change still goes out at the old speed."""
        return self._baud

    def power_up(self) -> None:
        """Do what switching it off and on does: 9600 baud, noise and a greeting, defaults."""
        self._baud = BAUD_AT_POWER_UP
        self._next_baud: int | None = None
        self._in = bytearray()
        self._out = bytearray(NOISE_AT_POWER_UP)
        self._out += f"\r\nB&W TEK {self.row.name} emulated\r\n".encode("ascii")
        self._set_defaults()

    def receive(self, data: bytes, at_s: float) -> None:
        """See `SerialModel.receive`."""
        with self.bench.lock:
            self._pass_time(at_s)
            self._in += data
            self._work()

    def send(self, at_s: float) -> bytes:
        """See `SerialModel.send`."""
        with self.bench.lock:
            self._pass_time(at_s)
            said = bytes(self._out)
            self._out.clear()
            if self._next_baud is not None:
                self._baud, self._next_baud = self._next_baud, None
                self._work()
            return said

    def next_s(self) -> float | None:
        """See `SerialModel.next_s`."""
        with self.bench.lock:
            return self.bench.exposure_ends_s if self._left else None

    def _set_defaults(self) -> None:
        self._averages, self._integration_ms, self._binary = 1, SHORTEST_MS, False
        self._left = 0  # exposures of the running scan still to come
        self._sum = np.zeros(self.row.bench.pixels)

    def _pass_time(self, at_s: float) -> None:
        """Let the exposures of a running scan end one by one until `at_s`."""
        bench = self.bench
        while self._left and (ends := bench.exposure_ends_s) is not None and ends <= at_s:
            bench.advance_to(ends)
            taken = bench.taken()
            if taken is None:
                break
            self._sum += taken[0]
            self._left -= 1
            if self._left:
                bench.begin(self._integration_ms / 1000.0)
            else:
                self._say_scan()
                self._work()
        bench.advance_to(at_s)
        bench.check_plugged()  # nothing answers without power

    def _work(self) -> None:
        """Do the commands that have come; while a scan runs they wait, but for a reset."""
        if self._left and self.reset_interrupts and b"Q\n" in self._in:
            del self._in[: self._in.index(b"Q\n")]
            self.bench.cancel()
            self._set_defaults()
        while not self._left and self._next_baud is None and b"\n" in self._in:
            end = self._in.index(b"\n")
            line = bytes(self._in[:end])
            del self._in[: end + 1]
            self._do(line)
        if b"\n" not in self._in:
            del self._in[:-LONGEST_COMMAND]

    def _do(self, line: bytes) -> None:
        readable = bytes(byte for byte in line if 0x20 <= byte < 0x7F)
        self._out += readable + b"\r\n"
        text = readable.decode("ascii") if readable == line else ""
        letter, number = text[:1], text[1:]
        numeric = number.isdigit()
        if letter in ("A", "I", "K") and numeric:
            good = self._set(letter, int(number))
        elif letter == "?" and number in ("A", "I", "K"):
            self._answer_query(number)
            return
        else:
            good = not number and self._act(letter)
        if good:
            self._out += b"ACK\r\n"
        else:
            self.unknown_commands += 1
        if self._next_baud is not None:
            del self._out[-1:]  # the last byte falls into the change
        if good and letter == "S":
            self._begin_scan()

    def _set(self, letter: str, number: int) -> bool:
        if letter == "A" and 1 <= number <= MOST_AVERAGES:
            self._averages = number
        elif letter == "I" and SHORTEST_MS <= number <= LONGEST_MS:
            self._integration_ms = number
        elif letter == "K" and number < len(BAUDS):
            self._next_baud = BAUDS[number] if BAUDS[number] != self._baud else None
        else:
            return False
        return True

    def _act(self, letter: str) -> bool:
        if letter in ("a", "b"):
            self._binary = letter == "b"
        elif letter == "Q":
            self._set_defaults()  # the speed stays until it is switched off
        else:
            return letter == "S"
        return True

    def _answer_query(self, letter: str) -> None:
        value = {
            "A": self._averages,
            "I": self._integration_ms,
            "K": BAUDS.index(self._baud),
        }[letter]
        self._out += b"ACK\r\n" + f"{value}\r\n".encode("ascii")

    def _begin_scan(self) -> None:
        self._left = self._averages
        self._sum[:] = 0.0
        self.bench.begin(self._integration_ms / 1000.0)

    def _say_scan(self) -> None:
        scan = np.round(self._sum / self._averages).astype(np.int64)
        self.last_scan = scan
        if self._binary:
            dummy = int(self.row.bench.offset_counts)
            values = scan.tolist()
            values.insert(0 if self.row.extra == "first" else len(values), dummy)
            self._out += delta_coded(values)
        else:
            self._out += b"".join(b"%05d\r\n" % value for value in scan.tolist()) + b"\0"


def delta_coded(values: list[int]) -> bytes:
    """Return `values` (0 to 65535) as the instrument sends them: differences, or 0x80 and two."""
    said = bytearray()
    before: int | None = None
    for value in values:
        if before is not None and -127 <= value - before <= 127:
            said += (value - before).to_bytes(1, "big", signed=True)
        else:
            said += b"\x80" + value.to_bytes(2, "big")
        before = value
    return bytes(said)


def emulator(
    sample: Sample,
    seed: int,
    *,
    model: str = DEFAULT_MODEL,
    faults: Faults = NO_FAULTS,
    bench: Bench | None = None,
) -> BwtekEmulator:
    """Return an emulated instrument that was switched on a while ago, at 9600 baud.

    Parameters
    ----------
    sample : Sample
        What lies in front of it.
    seed : int
        Seed of all chance.
    model : str
        One of `MODELS`.
    faults : Faults
        What goes wrong inside it.
    bench : Bench or None
        A bench that it shares with a laser; one of its own when None.
    """
    row = MODELS[model]
    return BwtekEmulator(bench or Bench(row.bench, sample, seed, faults), row)
