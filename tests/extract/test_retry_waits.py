"""Waiting for a busy server: pauses double up to a limit, and no pause outlasts the time that is allowed."""

import pytest
from tenacity import nap

from include.segmentation.extract import retry_waits
from include.segmentation.extract.retry_waits import wait_for_retries


@pytest.mark.parametrize(
    ("seconds", "pauses"),
    [(0.5, []), (1.5, [1]), (2.5, [1]), (3.5, [1, 2]), (60.5, [1, 2, 4, 8, 15, 15, 15])],
)
def test_pauses_double_and_end_with_the_time(
    seconds: float, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, slept = [0.0], []

    def sleep(pause: float) -> None:
        slept.append(pause)
        now[0] += pause

    monkeypatch.setattr(nap.time, "sleep", sleep)
    monkeypatch.setattr(nap.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(retry_waits, "RETRY_SECONDS", seconds)
    assert len(list(wait_for_retries())) == len(pauses) + 1
    assert slept == pauses
