"""Waits: what a server asks for is kept, and nothing grows without bound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import numpy as np
import pytest

from tts_bench.grader.patience import FIRST, LONGEST, asked_wait, wait

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "20", "retry-after": "9"}, 0.02),
        ({"retry-after-ms": "x", "retry-after": "9"}, 9.0),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=42), usegmt=True)}, 42.0),
        ({"retry-after": format_datetime((NOW + timedelta(hours=1)).astimezone(timezone(timedelta(hours=5))))}, 3600.0),
        ({"retry-after": "Fri, 01 May 2026 12:00:09"}, 9.0),
        ({"retry-after": "Fri, 01 May 2020 12:00:00 GMT"}, 0.0),
        *(({"retry-after": text}, None) for text in ("-3", "nan", "inf", "1e999", "later", "", "Mon, 99 Foo", "1;2")),
    ],
)
def test_what_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers, NOW) == seconds


def test_a_wait_is_never_shorter_than_asked_and_doubles_otherwise() -> None:
    rng = np.random.default_rng(0)
    assert all(0 <= wait(n, asked, rng) - asked <= FIRST for n in range(1, 9) for asked in (0.0, 3.0, 100.0))
    for failures in range(1, 40):
        nominal = min(LONGEST, FIRST * 2 ** (failures - 1))
        found = [wait(failures, None, rng) for _ in range(200)]
        assert min(found) >= nominal / 2 and max(found) <= 1.5 * nominal
        assert abs(np.mean(found) / nominal - 1) < 0.1 and np.std(found) > 0


def test_the_jitter_follows_from_the_seed() -> None:
    one, two = (
        [wait(n, None, rng) for n in range(1, 9)] for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    assert one == two
