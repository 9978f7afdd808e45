"""The models that speak the Ocean Binary Protocol, one row each.

Sources: QE Pro data sheet 891-00000-000-05-201604; USB ids, end points, pixels and limits of the
others as open drivers give them. The later models with USB vendor 0999 (ST, SR, HR) speak another
set of messages and are not here.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.drivers.ocean_obp.messages import Code
from devices.errors import SettingsError

VENDOR_ID = 0x2457
METADATA_BYTES = 32


@dataclass(frozen=True, slots=True)
class ObpModel:
    """One model.

    Parameters
    ----------
    key, name : str
        Name in the registry, and for people.
    product_id : int
        USB product id; the vendor is always 2457.
    endpoints : tuple of (int, int)
        Bulk end points out and in that belong together; the first pair is used.
    pixels, bytes_per_pixel : int
        Counts in a spectrum, and bytes of each.
    spectrum : Code
        The message that returns a spectrum. The buffered one carries metadata and needs `ACQUIRE`
        first; the others start an exposure and answer at its end.
    integration_us : tuple of int
        Shortest and longest integration time in microseconds.
    full_scale, saturation : int
        Highest number that the converter can give; count from which a pixel is taken for full.
    active : tuple of int
        First pixel that sees light, and one past the last.
    electric_dark : tuple of (int, int)
        Ranges of covered pixels, for the non-linearity formula of the vendor.
    cooled : bool
        Whether it has a thermo-electric cooler.
    laser_nm : float or None
        Nominal excitation wavelength of a laser in the same housing; None without one.
    """

    key: str
    name: str
    product_id: int
    endpoints: tuple[tuple[int, int], ...]
    pixels: int
    bytes_per_pixel: int
    spectrum: Code
    integration_us: tuple[int, int]
    full_scale: int
    saturation: int
    active: tuple[int, int]
    electric_dark: tuple[tuple[int, int], ...] = ()
    cooled: bool = False
    laser_nm: float | None = None

    @property
    def buffered(self) -> bool:
        """Whether spectra come from the buffer, with metadata."""
        return self.spectrum is Code.GET_BUFFERED_SPECTRUM

    @property
    def spectrum_bytes(self) -> int:
        """Length of the payload of a spectrum."""
        return self.pixels * self.bytes_per_pixel + (METADATA_BYTES if self.buffered else 0)

    @property
    def wavelength_origin(self) -> int:
        """Index of the pixel where the wavelength polynomial's variable is 0.

        The data sheet counts pixels from 0 (pages 19-20) and says that the calibration refers to
        the pixels of a corrected spectrum only (page 35): those are the active ones. An open
        driver evaluates the polynomial of a QE Pro over all 1,044 pixels instead, which puts the
        same line 1.84 nm elsewhere; a station whose instrument was calibrated so says
        ``pixel_origin=0`` in its configuration.
        """
        return self.active[0]


_RAW_NOW = Code.GET_RAW_SPECTRUM_NOW
MODELS: dict[str, ObpModel] = {
    row.key: row
    for row in (
        ObpModel("qepro", "QE Pro", 0x4004, ((0x01, 0x81), (0x02, 0x82)), 1044, 4,
                 Code.GET_BUFFERED_SPECTRUM, (8_000, 1_600_000_000), 2**18 - 1, 200_000,
                 (10, 1034), ((4, 10), (1034, 1040)), cooled=True),
        ObpModel("sts", "STS", 0x4000, ((0x01, 0x81),), 1024, 2, _RAW_NOW,
                 (10, 85_000_000), 2**14 - 1, 2**14 - 1, (0, 1024)),
        ObpModel("spark", "Spark", 0x4200, ((0x01, 0x81),), 1024, 2, _RAW_NOW,
                 (10, 85_000_000), 2**14 - 1, 2**14 - 1, (0, 1024)),
        ObpModel("ventana-785", "Ventana 785", 0x5000, ((0x01, 0x82),), 1024, 2, _RAW_NOW,
                 (22_000, 60_000_000), 2**16 - 1, 2**16 - 1, (0, 1024), cooled=True,
                 laser_nm=785.0),
        ObpModel("hdx", "HDX", 0x2003, ((0x01, 0x81),), 2068, 2,
                 Code.GET_CORRECTED_SPECTRUM_NOW, (6_000, 10_000_000), 2**16 - 1, 2**16 - 1,
                 (0, 2068)),
    )
}  # fmt: skip


def model_row(key: str) -> ObpModel:
    """Return the row of `key`.

    Raises
    ------
    SettingsError
        When there is none.
    """
    if key not in MODELS:
        raise SettingsError(f"no model {key!r}", "model", "choose one of " + ", ".join(MODELS))
    return MODELS[key]
