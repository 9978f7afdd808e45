"""Reference lines as data: Raman shift standards and lamps, each with its source and confidence.

A laboratory may hand in tables of its own: everything here takes a `Standard`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from matching.spectrum import FloatArray

Kind = Literal["raman", "lamp"]

E1840 = "ASTM E1840 (mean of six laboratories)"
NIST_LINES = "NIST Handbook of Basic Atomic Spectroscopic Data, persistent and strong lines"


@dataclass(frozen=True, slots=True)
class Line:
    """One reference line.

    Parameters
    ----------
    position : float
        Raman shift in cm-1, or for a lamp the wavelength in nm in standard air.
    strength : float
        Height relative to the strongest line of the table, 0 where nobody states it.
    sources : int
        How many independent sources agree on the position.
    """

    position: float
    strength: float = 0.0
    sources: int = 1


@dataclass(frozen=True, slots=True)
class Standard:
    """A material or lamp and its lines, by rising position.

    Parameters
    ----------
    name : str
        Of the material or lamp.
    kind : {"raman", "lamp"}
        Raman shifts in cm-1, or wavelengths in nm in standard air (15 degrees, 101,325 Pa).
    lines : tuple of Line
        The lines.
    source : str
        Where the positions come from.
    """

    name: str
    kind: Kind
    lines: tuple[Line, ...]
    source: str


def _raman(name: str, text: str, sources: int, source: str = E1840) -> Standard:
    """Read ``position[:strength[:sources]]`` words."""
    lines = []
    for word in text.split():
        position, *rest = word.split(":")
        strength = float(rest[0]) if rest and rest[0] else 0.0
        lines.append(Line(float(position), strength, int(rest[1]) if len(rest) > 1 else sources))
    return Standard(name, "raman", tuple(lines), source)


def _lamp(name: str, text: str, source: str) -> Standard:
    """Read ``position:strength`` words; strengths become relative to the strongest."""
    pairs = [tuple(float(part) for part in word.split(":")) for word in text.split()]
    top = max(strength for _, strength in pairs)
    lines = tuple(Line(position, strength / top, 2) for position, strength in pairs)
    return Standard(name, "lamp", lines, source)


POLYSTYRENE = _raman(
    "polystyrene",
    "620.9:0.16 795.8:0.10 1001.4:1 1031.8:0.27 1155.3:0.13 1450.5:0.08 1583.1:0.12 1602.3:0.28 "
    "2852.4:0.09 2904.5:0.13 3054.3:0.32",
    3,
    E1840 + "; NMIJ RM agrees within 1.2 cm-1 (k=2)",
)
CYCLOHEXANE = _raman(
    "cyclohexane",
    "384.1 426.3 801.3 1028.3 1157.6 1266.4 1444.4 2664.4 2852.9 2923.8 2938.3",
    3,
)
SULFUR = _raman("sulfur", "85.1 153.8 219.1 473.2", 3)
NAPHTHALENE = _raman("naphthalene", "513.8 763.8 1021.6 1147.2 1382.2 1464.5 1576.6 3056.4", 2)
ACETAMIDOPHENOL = _raman(
    "4-acetamidophenol",
    "213.3::1 329.2 390.9 465.1 504.0 651.6 710.8 797.2 834.5 857.9 968.7 1105.5 1168.5 1236.8 "
    "1278.5 1323.9 1371.5 1515.1 1561.6 1648.4 2931.1::1 3064.6::1 3102.4::1 3326.6::1",
    2,
)
TOLUENE_ACETONITRILE = _raman(
    "toluene/acetonitrile 50/50",
    "378.5 521.7 786.5 919.0 1003.6 1030.6 1211.4 1605.1 2253.7::2 2292.6 2940.8::2 3057.1",
    1,
)
# Its first line is contradictory among sources (460.9 or 450.9) and left out on purpose.
BENZONITRILE = _raman(
    "benzonitrile",
    "548.5 751.3 767.1 1000.7 1026.6 1177.9 1192.6 1598.9 2229.4 3072.3",
    1,
)
BIS_METHYLSTYRYL_BENZENE = _raman(
    "1,4-bis(2-methylstyryl)benzene", "1290.7 1316.9 1334.5 1555.2 1593.1 1627.9", 2
)
SILICON = _raman("silicon", "520.45:1", 2, "first-order line of silicon; literature 520.45")
CALCITE = _raman(
    "calcite",
    "155.21:0.3 281.26:0.5 711.95:0.15 1085.91:1 1435.22:0.03 1748.91:0.02",
    1,
    "literature values of calcite",
)

# Strengths as the handbook gives them: they differ from lamp to lamp and only tell which of two
# neighbours is worth nothing.
NEON = _lamp(
    "neon",
    "540.05618:200 576.44188:70 582.01558:50 585.24879:200 588.18952:100 594.48342:50 "
    "597.46273:50 597.5534:60 602.99969:100 607.43377:100 609.61631:30 614.30626:100 "
    "616.35939:100 621.72812:100 626.6495:100 630.47889:10 633.44278:100 638.29917:100 "
    "640.2248:200 650.65281:150 653.28822:10 659.89529:100 667.82762:50 671.7043:7 692.94673:1000 "
    "702.40504:300 703.24131:800 705.91074:100 717.39381:800 724.51666:800 743.88981:300 "
    "747.24386:30 748.88712:300 753.57741:300 754.40443:130 794.31814:80 808.2458:60 811.85492:40 "
    "812.89108:12 813.64054:170 825.9379:30 826.60772:70 826.71162:10 830.03258:300 836.57466:50 "
    "837.7608:800 841.71606:30 841.84274:250 846.33575:40 848.44435:13 849.53598:700 854.46958:15 "
    "857.13524:30 859.12584:400 863.4647:350 864.70411:60 865.43831:600 865.5522:80 867.94925:130 "
    "868.19211:150 870.41116:30 877.16563:100 878.06226:600 878.37533:400 885.38668:300 "
    "886.53063:20 886.57552:150 891.95006:60 898.85564:20 914.86716:120 920.17591:90 922.00601:60 "
    "922.15801:20 922.66903:20 930.08527:80 932.65068:70 937.33078:15 942.53788:50 945.92095:30 "
    "948.66818:50 953.41629:60 954.74049:30 966.54197:180",
    NIST_LINES + " (neon: Saloman and Sansonetti 2004); the same in published arc tables",
)
ARGON = _lamp(
    "argon",
    "696.5431:10000 706.7218:10000 714.7042:1000 727.2936:2000 738.398:10000 750.3869:20000 "
    "751.4652:15000 763.5106:25000 772.3761:15000 772.4207:10000 794.8176:20000 800.6157:20000 "
    "801.4786:25000 810.3693:20000 811.5311:35000 826.4522:10000 840.821:15000 842.4648:20000 "
    "852.1442:15000 866.7944:4500 912.2967:35000 922.4499:15000 935.422:1600 965.7786:25000 "
    "978.4503:4500",
    NIST_LINES + " (argon: Norlen 1973); the same in published arc tables",
)

STANDARDS: dict[str, Standard] = {
    item.name: item
    for item in (
        POLYSTYRENE,
        CYCLOHEXANE,
        SULFUR,
        NAPHTHALENE,
        ACETAMIDOPHENOL,
        TOLUENE_ACETONITRILE,
        BENZONITRILE,
        BIS_METHYLSTYRYL_BENZENE,
        SILICON,
        CALCITE,
        NEON,
        ARGON,
    )
}


def together(*standards: Standard) -> Standard:
    """Return standards that are measured in one scan as one table.

    Assigned together, no two of them can take the same found line.
    """
    lines = sorted((line for one in standards for line in one.lines), key=lambda x: x.position)
    names = " + ".join(one.name for one in standards)
    return Standard(names, standards[0].kind, tuple(lines), "; ".join(s.source for s in standards))


def refractive_index(air_nm: FloatArray) -> FloatArray:
    """Return the refractive index of standard air less 1, for wavelengths in nm, shape (n,).

    The wavelengths may be those in air: the index hardly differs. Source: K. P. Birch and
    M. J. Downs, Metrologia 31 (1994) 315, the updated Edlen equation for standard air.
    """
    squared = (1e3 / np.asarray(air_nm, dtype=np.float64)) ** 2  # 1/um2
    return np.asarray(1e-8 * (8342.54 + 2406147.0 / (130.0 - squared) + 15998.0 / (38.9 - squared)))


def vacuum_nm(air_nm: FloatArray) -> FloatArray:
    """Return the vacuum wavelengths in nm of wavelengths in standard air, shape (n,)."""
    air = np.asarray(air_nm, dtype=np.float64)
    return np.asarray(air * (1.0 + refractive_index(air)))


def positions(standard: Standard) -> FloatArray:
    """Return its positions, shape (n,): cm-1, or for a lamp nm in vacuum."""
    found = np.array([line.position for line in standard.lines])
    return vacuum_nm(found) if standard.kind == "lamp" else found
