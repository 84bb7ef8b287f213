"""The cap holds: never more dollars than it, but for what requests in flight take beyond their estimate.

60 runs over random prices, caps, concurrencies and replies, some of which say nothing of what they took or never come.
A meter that forgets the requests in flight is caught.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.grader.server import Asked, Do, Judge, chat, error, marks, picture
from tests.grader.world import filled, grader, scoring
from tts_bench.errors import BadInput
from tts_bench.grader.dollars import CapReached, Meter, Size
from tts_bench.grader.settings import GraderSettings
from tts_bench.store import Store

COUNT = 16


def dollars(replies: list[tuple[int, int]], settings: GraderSettings) -> float:
    """What the server would bill, by its own count."""
    price_in, price_out = settings.price_in or 0.0, settings.price_out or 0.0
    return sum(a * price_in + b * price_out for a, b in replies) / 1e6


def run(path: Path, seed: int, forgetful: bool = False) -> None:
    rng = np.random.default_rng(seed)
    honest = bool(rng.integers(2))  # replies within the bound that was asked for
    billed: list[tuple[int, int]] = []
    sizes = [(int(rng.integers(300, 1500)), int(rng.integers(20, 512 if honest else 3000))) for _ in range(5 * COUNT)]
    kinds = rng.integers(0, 10, 5 * COUNT)

    def script(asked: Asked) -> Do | None:
        size, kind = sizes[asked.number], kinds[asked.number]
        if kind == 0:
            return error(503)
        size = (size[0], min(size[1], 512)) if kind in (1, 2) else size
        billed.append(size)
        text = str(marks(asked.png)).replace("'", '"')
        return Do(reset=True) if kind == 1 else chat(text, usage=None if kind == 2 else size)

    prices: dict[str, Any] = {"price_in": float(rng.uniform(0.1, 5)), "price_out": float(rng.uniform(0.4, 20))}
    cap = float(rng.uniform(0.2, 1.2)) * COUNT * (900 * prices["price_in"] + 250 * prices["price_out"]) / 1e6
    with Judge(script) as judge, Store(path) as store:
        made = grader(judge, max_dollars=cap, concurrency=int(rng.integers(1, 9)), tries=5, **prices)
        if forgetful:
            made.session.meter = Forgetful(made.settings.price_in, made.settings.price_out, cap)
        asking, states = scoring(store), filled(path, COUNT)
        stopped = None
        try:
            asking.score(made, states)
        except CapReached as error_:
            stopped = error_
        spent, own = dollars(billed, made.settings), made.session.meter
        most = max((dollars([size], made.settings) for size in billed), default=0.0)
        slack = 0.0 if honest else made.settings.concurrency * most
        assert spent <= cap + slack + 1e-12, "more was spent than the cap allows"
        assert own.dollars is not None and own.dollars <= cap + slack + 1e-12
        assert own.in_flight == 0 and own.reserved == 0.0
        kept = store.stats().scores
        if stopped is None:
            assert kept == COUNT
        else:
            assert stopped.exit_code == 2
            assert f"${own.dollars:.4f} spent" in str(stopped)
            assert f"({COUNT - kept} of {COUNT} answers are missing)" in str(stopped)


@pytest.mark.parametrize("batch", range(6))
def test_60_runs_stay_within_their_cap(tmp_path: Path, batch: int) -> None:
    for seed in range(10 * batch, 10 * batch + 10):
        run(tmp_path / f"s{seed}", seed)


class Forgetful(Meter):
    """Broken: looks at what was spent, not at what is on its way."""

    async def reserve(self, size: Size) -> float:
        self.reserved = 0.0
        return await super().reserve(size)


def test_a_cap_that_forgets_the_requests_in_flight_is_caught(tmp_path: Path) -> None:
    caught = 0
    for seed in range(12):
        try:
            run(tmp_path / f"s{seed}", seed, forgetful=True)
        except AssertionError:
            caught += 1
    assert caught >= 2


def test_a_cap_below_one_request_sends_nothing(tmp_path: Path) -> None:
    with Judge() as judge, Store(tmp_path / "s") as store:
        made = grader(judge, max_dollars=1e-6, price_in=1.0, price_out=1.0)
        with pytest.raises(CapReached, match=r"max_dollars = 1e-06: \$0.0000 spent .* raise it .*16 of 16"):
            scoring(store).score(made, filled(tmp_path / "s", 16))
        assert judge.asked == []


def test_a_cap_without_prices_is_refused() -> None:
    with pytest.raises(BadInput, match="max_dollars = 5.0: needs prices"):
        GraderSettings("m", max_dollars=5.0, price_in=1.0).check()


def test_what_was_kept_costs_nothing_the_second_time(tmp_path: Path) -> None:
    with Judge() as judge, Store(tmp_path / "s") as store:
        states = filled(tmp_path / "s", 16)
        first = grader(judge, max_dollars=1.0, price_in=2.0, price_out=10.0)
        scoring(store).score(first, states)
        assert first.session.meter.dollars == pytest.approx(16 * (900 * 2 + 60 * 10) / 1e6)
        again = grader(judge, max_dollars=0.0, price_in=2.0, price_out=10.0)
        scoring(store).score(again, states)
        assert again.session.meter.as_json() == {
            "requests": 0, "tokens_in": 0, "tokens_out": 0, "estimated": 0, "dollars": 0.0,
        }  # fmt: skip
        assert picture(0).shape == (8, 8, 3)
