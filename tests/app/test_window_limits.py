"""Detection limits in the window: worked out beside it, making way for any other work."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from spectra_app.records.identification import HiddenHazard

OPEN = HiddenHazard("f1", "Fentanyl", None, "not_computed")
DONE = HiddenHazard("f1", "Fentanyl", 0.114, "")


class Limits:
    """A slow calculation: waits for its gate or the wish to stop, then answers 11.4 %."""

    def __init__(self):
        self.gate, self.begun = threading.Event(), []

    def work_out(self, found, tell, should_stop):
        self.begun.append(found.record.file)
        tell(0.4, "Fentanyl")
        while not self.gate.wait(0.01):
            if should_stop():
                return found
        return replace(found, record=replace(found.record, cannot_exclude=(DONE,)))


@pytest.fixture
def limits():
    """Return the calculation; its gate is open when the test has ended."""
    made = Limits()
    yield made
    made.gate.set()


@pytest.fixture
def limited(desk, limits, make_shell):
    """Return a window whose scans leave a fentanyl to be worked out."""

    def identify(path):
        found = desk.identify(path)
        return tuple(
            replace(one, record=replace(one.record, file=path.name, cannot_exclude=(OPEN,)))
            for one in found
        )

    use_cases = replace(desk.use_cases, identify_file=identify, work_out_limits=limits.work_out)
    shell = make_shell(use_cases)
    shell.entrance.around.click()
    yield shell.workbench
    desk.gate.set()
    limits.gate.set()


def test_the_verdict_comes_first_and_the_limit_when_it_is_known(limited, limits, qtbot):
    limited.open_files([Path("match.csv")])
    qtbot.waitUntil(lambda: "40 % done" in limited.card.hidden.text())
    assert limited.card.headline.text == "Amphetamine sulfate"
    assert "Not worked out for this scan: Fentanyl" in limited.card.hidden.text()
    assert not limited.lane.busy
    assert limited.bar.scan.isVisible()
    assert limited.bar.report.isEnabled()
    limits.gate.set()
    qtbot.waitUntil(lambda: "Fentanyl below 12 %" in limited.card.hidden.text())
    assert "done)" not in limited.card.hidden.text()
    assert limited.scans.current.identified.record.cannot_exclude == (DONE,)


def test_other_work_goes_before_the_limits_which_then_go_on(limited, limits, qtbot):
    limited.open_files([Path("match.csv")])
    qtbot.waitUntil(lambda: limits.begun == ["match.csv"])
    limited.open_files([Path("lead.csv")])
    qtbot.waitUntil(lambda: len(limits.begun) >= 2)
    limits.gate.set()
    qtbot.waitUntil(lambda: all(
        entry.identified.record.cannot_exclude == (DONE,) for entry in limited.scans.entries
    ))  # fmt: skip
    assert {"match.csv", "lead.csv"} == set(limits.begun)


def test_a_window_that_closes_gives_the_limits_up(limited, limits, qtbot):
    limited.open_files([Path("match.csv")])
    qtbot.waitUntil(lambda: limits.begun == ["match.csv"])
    limited.window().close()
    qtbot.waitUntil(lambda: not limited.isVisible())
    assert limits.begun == ["match.csv"]


def test_a_failure_of_the_limits_leaves_the_verdict_and_says_not_worked_out(
    limited, limits, qtbot, monkeypatch
):
    def broken(_found, _tell, _should_stop):
        limits.begun.append("broken")
        raise KeyError("noise")

    monkeypatch.setattr(limited.limits, "_work", broken)
    limited.open_files([Path("match.csv")])
    qtbot.waitUntil(lambda: limits.begun == ["broken"])
    qtbot.waitUntil(lambda: limited.lane.idle)
    assert "noise" in limited.statusBar().currentMessage()
    assert limited.card.headline.text == "Amphetamine sulfate"
    assert "Not worked out for this scan: Fentanyl" in limited.card.hidden.text()
    assert "done)" not in limited.card.hidden.text()
