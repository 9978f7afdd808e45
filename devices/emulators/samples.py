"""Things to put in front of an emulated analyser: standards, lamps and packaging.

Positions are published reference values; heights and widths are rough, as they look on a 785 nm
analyser, and stand for nothing. Raman shifts are differences of wavenumbers in vacuum, lamp lines
are in air like the axes of the emulated analysers: whoever takes the difference of ``1e7 / nm`` in
air finds bands 0.03 % (0.3 cm-1 at 1000 cm-1) too high, as with real analysers.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from devices.sample import FloatArray, Packaging, Sample

POLYSTYRENE: Final = Sample(
    bands=np.array(
        [
            [620.9, 0.16, 5.0],
            [795.8, 0.09, 8.0],
            [1001.4, 1.0, 4.5],
            [1031.8, 0.27, 6.0],
            [1155.3, 0.12, 9.0],
            [1450.5, 0.10, 12.0],
            [1583.1, 0.10, 8.0],
            [1602.3, 0.28, 8.0],
            [2852.4, 0.12, 20.0],
            [2904.5, 0.20, 25.0],
            [3054.3, 0.55, 14.0],
        ]
    ),
    fluorescence=0.05,
)
"""ASTM E1840 polystyrene; the eleven standard bands only."""

CYCLOHEXANE: Final = Sample(
    bands=np.array(
        [
            [384.1, 0.08, 10.0],
            [426.3, 0.12, 8.0],
            [801.3, 1.0, 4.5],
            [1028.3, 0.50, 8.0],
            [1157.6, 0.12, 9.0],
            [1266.4, 0.42, 9.0],
            [1444.4, 0.40, 14.0],
            [2664.4, 0.08, 12.0],
            [2852.9, 0.90, 13.0],
            [2923.8, 0.70, 18.0],
            [2938.3, 0.80, 16.0],
        ]
    ),
    fluorescence=0.01,
)
"""ASTM E1840 cyclohexane."""

CALCITE: Final = Sample(
    bands=np.array(
        [
            [155.21, 0.35, 5.0],
            [281.26, 0.55, 7.0],
            [711.95, 0.14, 2.5],
            [1085.91, 1.0, 1.3],
            [1435.22, 0.04, 4.0],
            [1748.91, 0.03, 5.0],
        ]
    ),
    fluorescence=0.02,
)
"""Calcite; the band at 1085.91 cm-1 is 1.3 cm-1 wide by itself (ASTM E2529)."""

SILICON: Final = Sample(
    bands=np.array([[520.45, 1.0, 3.0], [960.0, 0.05, 60.0]]), fluorescence=0.0, absorbs=True
)
"""A silicon wafer: first order, and the second order as one broad band."""

SRM_2241_RANGE_CM1: Final = (200.0, 3500.0)
_SRM_2241 = (9.71937e-2, 2.28325e-4, -5.86762e-8, 2.16023e-10, -9.77171e-14, 1.15596e-17)


def srm_2241_curve(shift_cm1: FloatArray) -> FloatArray:
    """Return the certified luminescence of SRM 2241 at 785 nm, shape (m,), highest about 1.

    Its polynomial holds between 200 and 3500 cm-1; outside, the value at that end goes on.
    """
    inside = np.clip(shift_cm1, *SRM_2241_RANGE_CM1)
    return np.asarray(np.polynomial.polynomial.polyval(inside, _SRM_2241), dtype=np.float64)


SRM_2241: Final = Sample(curve=srm_2241_curve, fluorescence=0.0)
"""NIST relative-intensity glass for 785 nm."""

NEON: Final = Sample(
    lines_nm=np.array(
        [
            [585.24879, 0.9],
            [588.18950, 0.4],
            [594.48340, 0.4],
            [602.99968, 0.3],
            [607.43376, 0.5],
            [609.61630, 0.5],
            [614.30627, 0.8],
            [616.35937, 0.4],
            [621.72812, 0.3],
            [626.64952, 0.5],
            [630.47893, 0.2],
            [633.44276, 0.6],
            [638.29914, 0.8],
            [640.22480, 1.0],
            [650.65276, 0.8],
            [653.28824, 0.3],
            [659.89528, 0.6],
            [667.82766, 0.8],
            [671.70430, 0.5],
            [692.94672, 0.7],
            [703.24128, 0.9],
            [717.39380, 0.5],
            [724.51665, 0.6],
            [743.88981, 0.3],
            [748.88712, 0.2],
            [753.57739, 0.2],
            [754.40439, 0.1],
            [794.31805, 0.06],
            [808.24576, 0.04],
            [811.85492, 0.03],
            [813.64061, 0.06],
            [825.93790, 0.03],
            [826.60772, 0.05],
            [830.03248, 0.19],
            [836.57466, 0.04],
            [837.76070, 1.0],
            [841.71597, 0.03],
            [841.84269, 0.14],
            [846.33565, 0.04],
            [849.53591, 0.55],
            [854.46953, 0.02],
            [857.13528, 0.03],
            [859.12585, 0.12],
            [863.46471, 0.17],
            [864.70412, 0.03],
            [865.43828, 0.22],
            [865.55220, 0.03],
            [867.94936, 0.05],
            [868.19208, 0.06],
            [870.41122, 0.02],
            [877.16563, 0.03],
            [878.06226, 0.22],
            [878.37533, 0.2],
            [885.38668, 0.13],
            [886.53063, 0.02],
            [886.57552, 0.05],
            [891.95006, 0.04],
            [914.86716, 0.05],
            [920.17591, 0.04],
            [922.00601, 0.03],
            [930.08527, 0.04],
            [932.65068, 0.03],
            [942.53788, 0.02],
            [948.66818, 0.02],
            [953.41629, 0.02],
        ]
    ),
    fluorescence=0.0,
)
"""Lines of Ne I in nm, in air (NIST; Sansonetti and others, J. Res. NIST 109 (2004) 371).

The heights beyond 800 nm are about those of a neon lamp on a real 785 nm analyser.
"""

ARGON: Final = Sample(
    lines_nm=np.array(
        [
            [696.5431, 0.5],
            [706.7218, 0.4],
            [727.2936, 0.1],
            [738.3980, 0.4],
            [750.3869, 0.7],
            [751.4652, 0.5],
            [763.5106, 1.0],
            [772.3761, 0.4],
            [772.4207, 0.3],
            [794.8176, 0.4],
            [800.6157, 0.3],
            [801.4786, 0.5],
            [810.3693, 0.5],
            [811.5311, 1.0],
            [826.4522, 0.5],
            [840.8210, 0.4],
            [842.4648, 0.6],
            [852.1442, 0.3],
            [866.7944, 0.1],
            [912.2967, 0.7],
            [922.4499, 0.2],
            [965.7786, 0.2],
            [978.4503, 0.05],
        ]
    ),
    fluorescence=0.0,
)
"""Lines of Ar I in nm, in air (NIST)."""

CLEAR_BAG: Final = Packaging(
    bands=np.array(
        [
            [1063.0, 0.45, 8.0],
            [1130.0, 0.40, 8.0],
            [1295.0, 0.75, 6.0],
            [1418.0, 0.30, 8.0],
            [1440.0, 0.60, 14.0],
            [1460.0, 0.25, 16.0],
            [2848.0, 0.90, 16.0],
            [2882.0, 1.0, 14.0],
        ]
    ),
    strength=0.06,
    transmission=0.85,
    fluorescence=0.02,
)
"""A thin polyethylene bag; its bands are rough."""

BROWN_GLASS: Final = Packaging(transmission=0.25, fluorescence=0.3, glass=0.5)
"""A brown bottle: little comes through, and the glass shines by itself."""
