"""Andor SIF files, written from the layout: header lines, calibration, names, frames, trailer."""

from __future__ import annotations

import numpy as np

NM = "803.5 0.25 -1e-05 0"


def sif(
    frames,
    *,
    calibration=NM,
    names=("Wavelength", "Counts", "Pixel number"),
    version=65567,
    parts=None,
    flag=b"0\n",
    trailer=b"0\n0\n0\n0\n",
    times=None,
):
    """Return a file of `frames`, shape (frames, rows, width)."""
    count, rows, width = frames.shape
    size = rows * width
    settings = f"{version} 0 0 1 1504875832 -50 \0 \0 \0 \2 \0 0 0.1 0.117 0.117 500 \0 58.6 1"
    user = bytes(range(1, 9)) + b"\nwith\nlines\n" + bytes(30)
    spectrograph = "65540 1 1 430 1 0 1200.75 500NM\n1 200\n0 SR193i\n" + 3 * "0 0 0 0\n" + "-1\n"
    head = (
        b"Andor Technology Multi-Channel File\n65538 1\n"
        + settings.encode()
        + b"\nDU888_BV \n 1024 1024 11\nC:\\made.sif \n65538 "
        + str(len(user)).encode()
        + b"\n"
        + user
        + b"\n65538 \1 \2 \3 \0 0.027 0\n"
        + spectrograph.encode()
        + f"65540 \2 \0 \1 \0 \1 \0\n{calibration}\n0 1 0 0\n0 1 0 0\n422\n13\n13\n".encode()
    )
    named = "".join(f"{len(name)}\n{name}" for name in names)
    layout = f"65541 1 {rows} {width} 1 {count} {len(parts or [0])} {count * size} {size}\n"
    places = "".join(
        f"65538 1 {high} {width} {low} {binning} 1 0\n"
        for high, low, binning in (parts or [(rows, 1, 1)])
    )
    moments = b"".join(b"%10d\n" % at for at in (times or range(count)))
    return (
        head
        + (named + layout + places).encode()
        + moments
        + flag
        + np.asarray(frames, "<f4").tobytes()
        + trailer
    )


def frames(count=1, rows=1, width=64):
    """Return whole counts, shape (count, rows, width), each row another."""
    pixel = np.arange(width)
    band = np.round(900 * np.exp(-(((pixel - 20) / 5.0) ** 2)))
    return 300.0 + band + 7.0 * np.arange(count * rows).reshape(count, rows, 1)


def by_reader():
    """Return sound files by the name of their reader; the laser is not in them."""
    return {
        "Andor SIF": [
            sif(frames()),
            sif(frames(3), flag=b"1\n         5\n         6\n         7\n"),
            sif(frames(2), version=65559, flag=b"", trailer=b"0\n0\n0\n0\n<?xml ?>\nSIFX"),
        ]
    }
