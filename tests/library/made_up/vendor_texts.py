"""Text exports of instrument makers, made up: small, sound, one for each layout of a family."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np

LASER_NM = 785.0
ROWS = 40


def _rows(*, nm: bool = False) -> list[tuple[float, float]]:
    """Return rows of (Raman shift in cm-1 or wavelength in nm, intensity)."""
    pixel = np.arange(ROWS)
    x = np.round(200.0 + 9.3 * pixel - 0.02 * pixel**2, 2)
    y = np.round(100.0 + 900.0 * np.exp(-(((x - 400.0) / 40.0) ** 2)), 3)
    axis = np.round(1e7 / (1e7 / LASER_NM - x), 3) if nm else x
    return [(float(a), float(b)) for a, b in zip(axis, y, strict=True)]


def _lines(rows: Iterable[Sequence[float]], separator: str = "\t", decimal: str = ".") -> list[str]:
    return [separator.join(f"{v:g}".replace(".", decimal) for v in row) for row in rows]


LABSPEC = [
    "#Acq. time (s)=\t10",
    "#Accumulations=\t2",
    "#Detector temperature (°C)=\t-60.1",
    "#Laser (nm)=\t785 ",
    "#Acquired=\t08.10.2024 13:47:42",
    "#AxisType[0]=Intens",
    "#AxisUnit[0]=Cnt",
    "#AxisType[1]=Spectr",
    "#AxisUnit[1]=1/cm",
]
OCEAN = [
    "SpectraSuite Data File",
    "++++++++++++++++++++++++++++++++++++",
    "Date: Mon May 06 15:13:40 CEST 2013",
    "Integration Time (usec): 100000 (QEB1523)",
    "Spectra Averaged: 3 (QEB1523)",
    "Number of Pixels in Processed Spectrum: 40",
    ">>>>>Begin Processed Spectral Data<<<<<",
]
ANDOR = ["", "", "Date and Time:   Mon Oct 25 21:01:48 2021", "Exposure Time (secs):  0.5"]


DASH = [
    "Dash Output v2.1,ENLIGHTEN version: 2.0,Row,Pixel Data,WP-1",
    "Line Number,Integration Time,Timestamp,Blank,Note,CCD C0,CCD C1,CCD C2,CCD C3,"
    "Laser Wavelength,Pixel Count",
]


def _dash(number: int, note: str, pixels: Sequence[object], *, facts: bool = True) -> str:
    stated = ["100", "2016-09-30 10:52", "WP-1", note, "797", "1.0", "0", "0", "785.0", str(ROWS)]
    empty = ["", "", "", note, *[""] * 6]
    cells = [str(number), *(stated if facts else empty), *map(str, pixels)]
    return ",".join(cells)


def texts() -> dict[str, list[str]]:
    """Return sound small text exports by reader name, one for each layout a family has."""
    cm, nm = _rows(), _rows(nm=True)
    twice = [(x, y, 2 * y) for x, y in cm]
    series = ["\t" + "\t".join(f"{x:g}" for x, _ in cm)]
    series += [f"{k}\t" + "\t".join(f"{k * y:g}" for _, y in cm) for k in (1, 2, 3)]
    wire_map = [(k, 7.5, x, k * y) for k in (1, 2) for x, y in reversed(cm)]
    witec = [
        "//Exported ASCII-File",
        "[Header]",
        "GraphName = a",
        "XAxisUnit = rel. 1/cm",
        "",
        "[Data]",
    ]
    match = ["[SpectrumHeader]", "Title = a", "ExcitationWavelength = 785", "SpectrumSize = 40",
             "XDataKind = nm", "", "[SpectrumData]", *_lines(nm)]  # fmt: skip
    jaz = [(x, 10.0, 2 * y, y, 3 * y) for x, y in nm]
    avantes = ["1305084U1- I C", "Integration time: 95.00 ms", "Average: 20 scans",
               "Data measured with spectrometer name: 1305084U1\x00\x00\x00"]  # fmt: skip
    groups = {
        "LabSpec text": [
            [*LABSPEC, *_lines(reversed(cm))],
            [*LABSPEC, "#AxisType[2]=Time", "#AxisUnit[2]=s", *series],
            [*LABSPEC[:4], "#Spectro (cm-¹)=\t940", *_lines(cm, "\t", ",")],
        ],
        "WiRE text": [
            ["#Wave\t\t#Intensity", *_lines(reversed(cm))],
            ["#X\t\t#Y\t\t#Wave\t\t#Intensity", *_lines(wire_map)],
            _lines([(row[0], *row[2:]) for row in wire_map]),
        ],
        "WITec text": [
            [*witec, "X-Axis,a", "rel. 1/cm,CCD cts", *_lines(cm, ", ")],
            ["X-Axis\tF(0/0)\tF(1/0)", "rel. 1/cm\tCCD cts\tCCD cts", *_lines(twice)],
            ["[WITEC_TRUEMATCH_ASCII_HEADER]", "Version = 1.0", "", *match, "", *match],
        ],
        "RRUFF text": [
            ["##NAMES=a", "##RRUFFID=R060277", *_lines(cm, ", "), "##END=", "", ""],
            ["Menu", "Search", "##NAMES=a", "##RRUFFID=R1", *_lines(cm, ", "), "##END="],
        ],
        "Ocean Optics text": [
            [*OCEAN, *_lines(nm), ">>>>>End Processed Spectral Data<<<<<"],
            ["Fichero De Datos De SpectraSuite", *OCEAN[1:6],
             ">>>>> Comienza Data<<<<< Espectral Procesado Del EL", *_lines(nm, "\t", ","),
             ">>>>> Data<<<<< Espectral Procesado Extremo"],
            ["Data from a Node", "XAxis mode: Wavelengths", "Number of Pixels in Spectrum: 40",
             ">>>>>Begin Spectral Data<<<<<", *[f"{x / 100:.5f}E2\t{y / 10:.4f}E1" for x, y in nm]],
            ["Jaz Data File", *OCEAN[1:], "W\tD\tR\tS\tP", *_lines(jaz)],
        ],
        "Avantes text": [
            [*avantes, "Wave   ;Sample", "[nm]   ;[counts]", *_lines(nm, ";")],
            ["", *avantes[1:3], "Wave   ;Sample   ;Dark", "[nm]   ;[counts] ;[counts]", "",
             *_lines([(x, y + 9.5, 9.5) for x, y in nm], ";", ",")],
            ["Filename-->,a.RWD", "Int.time[ms]-->,100", "Wavelength[nm],title", *_lines(nm, ",")],
        ],
        "Andor Solis ASCII": [
            [f"{line}," for line in _lines(twice, ",")],
            [*_lines(cm), *ANDOR, "Problem with timings"],
        ],
        "PerkinElmer ASCII": [
            ["PE FL                   SPECTRUM    ASCII       PEDS        1.60        ", "  -1",
             "#HDR", "-1", "#GR", "NM", "", "#DATA", *_lines(nm)],
        ],
        "Open Specy": [
            [json.dumps({"wavenumber": [x for x, _ in cm],
                         "spectra": {"intensity": [y for _, y in cm]},
                         "metadata": {"spectrum_type": ["Raman"], "spectrum_identity": ["HDPE"]}})],
            [",".join([*(f"{x:g}" for x, _ in cm), "spectrum_type"]),
             ",".join([*(f"{y:g}" for _, y in cm), "Raman"])],
        ],
        "ENLIGHTEN JSON": [
            [json.dumps({"metadata": {"ENLIGHTEN Version": "2.2.7", "Laser Wavelength": 785.0,
                                      "Integration Time": 25, "Pixel Count": ROWS, "Label": None},
                         "spectrometerSettings": {"wavelengths": [x for x, _ in nm],
                                                  "wavenumbers": [x for x, _ in cm]},
                         "spectrum": {"Processed": [None, *[y for _, y in cm][1:]],
                                      "Raw": [y + 9 for _, y in cm], "Dark": [9] * ROWS}})],
        ],
        "ENLIGHTEN rows (Dash) CSV": [
            [*DASH, _dash(1, "wavenumbers", [x for x, _ in cm]),
             *(line for k in (1, 2) for line in (
                 _dash(k, f"processed (lot {k})", ["NA", *[k * y for _, y in cm][1:]]),
                 _dash(k, "raw", [k * y + 9 for _, y in cm], facts=False),
                 _dash(k, "dark", [9] * ROWS, facts=False)))],
            [*DASH, _dash(1, "Ethanol", [y for _, y in cm])],
        ],
        "Neegala text": [
            ["id,1", "integ_time,9000", "integ_unit,ms", "averages,20", "wl,785nm",
             "Pixels,Wavelength,Wavenumbers,Raman_Shift,Raw_Data,Background_Data,Processed_Data",
             *(f"{k},{n[0]},{1e7 / n[0]:.3f},{x},{y + 9:.3f},9,{y}"
               for k, (n, (x, y)) in enumerate(zip(nm, cm, strict=True)))],
        ],
        "LightNovo text": [
            ["DeviceSN\t11111", "LaserWavelength_nm\t785", "Exposure_ms\t111", "Tags\t",
             *_lines([(200 + k, y) for k, (_, y) in enumerate(cm)])],
        ],
        "B&W Tek handheld text": [
            ["wave number\tdark data\tRaw data\tDark Subtracted\tDark Subtracted Pull baseline",
             *_lines([(207 + 2 * k, 9, y + 9, y, y / 2) for k, (_, y) in enumerate(cm)])],
        ],
    }  # fmt: skip
    return {name: ["\n".join(lines) + "\n" for lines in group] for name, group in groups.items()}


def by_reader() -> dict[str, list[bytes]]:
    """Return `texts` as bytes."""
    return {name: [text.encode() for text in group] for name, group in texts().items()}
