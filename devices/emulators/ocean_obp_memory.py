"""What an emulated Ocean Binary Protocol instrument holds in its memory, blank and insane too."""

from __future__ import annotations

from dataclasses import dataclass, field

NAN = float("nan")


@dataclass(slots=True)
class ObpMemory:
    """Identity and calibration; the wire may write into it, as into a real one.

    Parameters
    ----------
    serial, alias : bytes
        As they are sent, without a terminator.
    hardware, firmware, fpga : int
        Revisions in binary-coded decimals.
    wavelength, nonlinearity, stray_light : list of float
        Coefficients, lowest order first.
    user_strings : list of bytes
        Free texts.
    baud : int
        Speed of the serial line at power-up.
    """

    serial: bytes
    wavelength: list[float]
    alias: bytes = b"EMULATED"
    hardware: int = 0x10
    firmware: int = 0x0123
    fpga: int = 0x0210
    nonlinearity: list[float] = field(default_factory=list)
    stray_light: list[float] = field(default_factory=list)
    user_strings: list[bytes] = field(default_factory=lambda: [b"EMULATED", b""])
    baud: int = 9_600

    def set_alias(self, text: bytes) -> None:
        """Store the first 16 bytes of `text` as the alias."""
        self.alias = text[:16]

    def store(self, table: str, at: int, value: float) -> None:
        """Store a coefficient of ``"wavelength"`` or ``"nonlinearity"``; others are ignored."""
        items: list[float] = self.wavelength if table == "wavelength" else self.nonlinearity
        if at < len(items):
            items[at] = value


def blank(memory: ObpMemory) -> ObpMemory:
    """Return an unprogrammed memory: all bits one, so that texts are 0xFF and numbers NaN."""
    return ObpMemory(
        serial=b"\xff" * 16,
        wavelength=[NAN] * len(memory.wavelength),
        alias=b"\xff" * 16,
        hardware=0xFF,
        firmware=0xFFFF,
        fpga=0xFFFF,
        nonlinearity=[NAN] * len(memory.nonlinearity),
        stray_light=[NAN] * len(memory.stray_light),
        baud=memory.baud,
    )


def insane(memory: ObpMemory) -> ObpMemory:
    """Return one whose wavelength coefficients make no sense: a falling axis near 1e9 nm."""
    return ObpMemory(
        serial=memory.serial,
        wavelength=[1e9, -3.0, 0.0, 0.0],
        nonlinearity=[1e30] * 3,
        stray_light=[-1e30],
        baud=memory.baud,
    )
