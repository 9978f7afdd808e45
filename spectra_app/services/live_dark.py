"""The dark of a live view: laser off, what the detector gives by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from devices.interface import Settings
from spectra_app.services.live import LiveControls, LiveFrame, live_ms

if TYPE_CHECKING:
    from devices.interface import Analyser
    from spectra_app.services.instrument import Instrument

DARK_AVERAGES = 4


def dark_frame(instrument: Instrument, milliseconds: float) -> LiveFrame:
    """Measure the dark of the connected analyser for exposures of so many milliseconds.

    Raises
    ------
    SpectraError
        When no analyser is ready, or in the driver's words.
    """

    def work(analyser: Analyser, _bench: Any, _before: int) -> LiveFrame:
        can = analyser.capabilities
        wanted = live_ms(LiveControls(milliseconds), can)
        power = can.laser_power_percent.lowest
        analyser.configure(Settings(wanted, DARK_AVERAGES, power))
        frame = analyser.dark()
        counts = np.array(frame.counts[frame.active], dtype=np.float64)
        level = float(np.max(counts)) / can.saturation_counts
        return LiveFrame(np.arange(counts.size, dtype=np.float64), counts, False, 0, False,
                         frame.integration_time_ms, level)  # fmt: skip

    found: LiveFrame = instrument.measure(work)
    return found
