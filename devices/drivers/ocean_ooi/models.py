"""The spectrometers of this family as rows of data.

Sources: USB2000+ and USB4000 OEM data sheets (opcodes, formats, sync byte), Flame user manual
225-00000-000-11 (saturation slot, board temperature); product ids, endpoints, limits, dark pixels
and the bits that a model inverts as open drivers agree about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

VENDOR_ID = 0x2457


class Saturation(Enum):
    """Where in the reply to slot 17 the count is that a full pixel gives."""

    NOWHERE = "not stored"
    MIDDLE = "16 bits at byte 6"  # USB2000+, USB4000, Torus, Jaz
    FIRST = "16 bits at byte 2"  # Maya2000Pro, Apex, MayaLSL
    WIDE = "32 bits at byte 6"  # NIRQuest


@dataclass(frozen=True, slots=True)
class OoiModel:
    """One model.

    Parameters
    ----------
    name : str
        What it is called.
    product_id : int
        USB product id; the vendor's is 0x2457.
    pixels : int
        Counts in one spectrum.
    shortest_us, longest_us, step_us : int
        Integration time in microseconds; the command counts in `step_us`.
    dark_pixels : tuple of (int, int)
        Covered pixels as half-open ranges.
    active_pixels : tuple of int
        First pixel that sees light, and one past the last.
    full_count : int
        Highest count that the converter gives.
    inverted_bits : int
        Bits of each count that travel inverted.
    out, answers, data, data_first : int
        Endpoints: commands; short answers; spectra; the first 2,048 bytes of a spectrum at high
        speed (0 when all of it comes on `data`).
    has_sync, has_status, has_registers, has_board_sensor, is_cooled : bool
        Whether a spectrum ends with the byte 0x69, and whether it knows FE, 6A/6B, 6C, 71 to 73.
    interleaved : bool
        Packets of 64 low bytes and 64 high bytes take turns; the four highest bits are noise.
    saturation : Saturation
        How slot 17 is to be read.
    pixel_origin : int
        Index of the count where the variable of the wavelength polynomial is 0.
    """

    name: str
    product_id: int
    pixels: int
    shortest_us: int
    longest_us: int
    step_us: int = 1
    dark_pixels: tuple[tuple[int, int], ...] = ()
    active_pixels: tuple[int, int] = (0, 2048)
    full_count: int = 65_535
    inverted_bits: int = 0
    out: int = 0x01
    answers: int = 0x81
    data: int = 0x82
    data_first: int = 0
    has_sync: bool = True
    has_status: bool = True
    has_registers: bool = True
    has_board_sensor: bool = False
    is_cooled: bool = False
    interleaved: bool = False
    saturation: Saturation = Saturation.NOWHERE
    pixel_origin: int = 0

    @property
    def spectrum_bytes(self) -> int:
        """Length of one spectrum on the wire."""
        return 2 * self.pixels + (1 if self.has_sync else 0)


def _old(name: str, product_id: int, dark: tuple[tuple[int, int], ...]) -> OoiModel:
    """Return a model of the first generation: 12 bits, no FPGA, no status, other endpoints."""
    return OoiModel(
        name, product_id, 2048, 3_000, 655_350_000, 1000,
        dark_pixels=dark, active_pixels=(24, 2048), full_count=4_095,
        out=0x02, answers=0x87, data=0x82, has_status=False, has_registers=False, interleaved=True,
    )  # fmt: skip


# The data sheets name the pixels of the 3,648-element Toshiba detector that see light only in a
# drawing; what lies before and after the stated dark ones is left out with a margin. [unverified]
_TOSHIBA = (22, 3_669)

# 2,048 and 1,024 elements in the middle, ten blank or covered ones on either side.
_MAYA = (10, 2_058)

MODELS: tuple[OoiModel, ...] = (
    OoiModel(
        "USB2000+", 0x101E, 2048, 1_000, 655_350_000,
        dark_pixels=((6, 21),), active_pixels=(21, 2048),
        has_board_sensor=True, saturation=Saturation.MIDDLE,
    ),
    OoiModel(
        "USB4000", 0x1022, 3840, 10, 65_535_000,
        dark_pixels=((5, 16),), active_pixels=_TOSHIBA, data_first=0x86,
        has_board_sensor=True, saturation=Saturation.MIDDLE,
    ),
    OoiModel(
        "Maya2000Pro", 0x102A, 2304, 7_200, 65_000_000,
        dark_pixels=((0, 4), (2064, 2068)), active_pixels=_MAYA, full_count=64_000,
        saturation=Saturation.FIRST,
    ),
    OoiModel(
        "Maya2000", 0x102C, 2304, 15_000, 1_600_000_000,
        dark_pixels=((0, 8), (2072, 2080)), active_pixels=_MAYA,
    ),
    OoiModel(
        "HR2000+", 0x1016, 2048, 1_000, 655_350_000,
        dark_pixels=((2, 24),), active_pixels=(24, 2048), full_count=16_383, inverted_bits=0x2000,
    ),
    OoiModel(
        "HR4000", 0x1012, 3840, 10, 655_350_000,
        dark_pixels=((2, 13),), active_pixels=_TOSHIBA, full_count=16_383, inverted_bits=0x2000,
        data_first=0x86,
    ),
    OoiModel(
        "QE65000", 0x1018, 1280, 8_000, 1_600_000_000, 1000,
        dark_pixels=((0, 4), (1040, 1044)), active_pixels=(10, 1034), inverted_bits=0x8000,
        has_registers=False, is_cooled=True, pixel_origin=10,
    ),
    OoiModel(
        "NIRQuest512", 0x1026, 512, 1_000, 1_600_000_000, 1000,
        active_pixels=(0, 512), inverted_bits=0x8000, has_status=False, has_registers=False,
        is_cooled=True, saturation=Saturation.WIDE,
    ),
    OoiModel(
        "NIRQuest256", 0x1028, 256, 1_000, 1_600_000_000, 1000,
        active_pixels=(0, 256), inverted_bits=0x8000, has_status=False, has_registers=False,
        is_cooled=True, saturation=Saturation.WIDE,
    ),
    OoiModel(
        "Torus", 0x1040, 2048, 1_000, 655_350_000,
        saturation=Saturation.MIDDLE,
    ),
    OoiModel(
        "Apex", 0x1044, 2304, 15_000, 1_600_000_000,
        dark_pixels=((0, 4), (2064, 2068)), active_pixels=_MAYA, full_count=64_000,
        saturation=Saturation.FIRST,
    ),
    OoiModel(
        "MayaLSL", 0x1046, 2304, 7_200, 65_000_000,
        dark_pixels=((0, 4), (2064, 2068)), active_pixels=_MAYA, full_count=64_000,
        saturation=Saturation.FIRST,
    ),
    OoiModel(
        "Jaz", 0x2000, 2048, 1_000, 655_350_000,
        dark_pixels=((2, 24),), active_pixels=(24, 2048), has_sync=False, has_status=False,
        has_registers=False, saturation=Saturation.MIDDLE,
    ),
    _old("USB2000", 0x1002, ((2, 24),)),
    _old("HR2000", 0x100A, ((2, 24),)),
    _old("USB650", 0x1014, ()),
)  # fmt: skip


def model_named(name: str) -> OoiModel | None:
    """Return the row called `name`, without regard to case; None when there is none."""
    wanted = name.casefold()
    return next((row for row in MODELS if row.name.casefold() == wanted), None)


def model_of_product(product_id: int) -> OoiModel | None:
    """Return the row with this USB product id; None when there is none."""
    return next((row for row in MODELS if row.product_id == product_id), None)
