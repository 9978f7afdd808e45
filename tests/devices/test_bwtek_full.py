"""A BTC detector whose every pixel is full is saturated; any other equal counts are no data."""

import numpy as np
import pytest

from devices.errors import BadAnswerError
from devices.frame import SATURATED
from devices.interface import Settings
from devices.registry import emulated_wires, open_wires
from devices.timing import SteppedTime


@pytest.fixture
def flooded(polystyrene_like):
    """Measure with a bench that hands out the same count at every pixel."""

    def measure(name, count):
        clock = SteppedTime()
        wires = emulated_wires(name, sample=polystyrene_like, timing=clock.timing(), serial=True)
        with open_wires(name, wires, timing=clock.timing()) as analyser:
            taken = wires.bench.taken

            def equal():
                given = taken()
                return given and (np.full_like(given[0], count), *given[1:])

            wires.bench.taken = equal
            analyser.configure(Settings(100.0, 2, 100.0))
            return analyser.acquire()

    return measure


@pytest.mark.parametrize("name", ["bwtek-btc110", "bwtek-btc100"])
def test_all_pixels_full_is_a_saturated_frame(flooded, name):
    frame = flooded(name, 65_535)
    assert SATURATED in frame.flags
    assert frame.averages == 2
    assert (frame.counts == 65_535).all()


@pytest.mark.parametrize("name", ["bwtek-btc110", "bwtek-btc100"])
def test_all_pixels_equal_below_that_is_refused(flooded, name):
    with pytest.raises(BadAnswerError, match="flat"):
        flooded(name, 65_534)
