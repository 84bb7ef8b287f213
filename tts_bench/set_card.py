"""A suite's numbers over all its images together, `[[set_metrics]]` of its card.

[[set_metrics]]
name = "fid"
metric = "frechet_distance"     # of the registry; its own card says whether lower is better
features = "clean"              # the network that sees the images; `--reference clean=FILE` are the real ones
title = "..."
main = true                     # exactly one of all metrics
percent = true                  # optional
oracles = ["oracle_fid"]        # optional: scorers that know this number; as verifiers they are flagged, never ranked
optional = true                 # optional: left out, with a note, where no real images are given for its network
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tts_bench.checks import boolean, several, text
from tts_bench.keys import check_name
from tts_bench.metrics.protocol import SetMetric
from tts_bench.registry import FEATURES, METRICS, SCORERS
from tts_bench.tables import Table

FEWER = "fewer_images_than_the_card"  # a Frechet distance of fewer images is another number, mostly a higher one
MOST = 16  # scorers that know one number
INCEPTIONS = ("clean", "fidelity")  # two libraries' resize and port of one network


@dataclass(frozen=True)
class SetMetricCard:
    """One of them, as the card has it."""

    name: str
    metric: str
    features: str
    title: str
    percent: bool
    main: bool
    oracles: tuple[str, ...]
    optional: bool

    @cached_property
    def made(self) -> SetMetric:
        return METRICS.load(self.metric)()


def take_set_metric(table: Table) -> SetMetricCard:
    main, optional = table.take("main", boolean, False), table.take("optional", boolean, False)
    if main and optional:
        table.refuse("optional", "the main metric is what results are ranked by; leave one of the two out")
    return SetMetricCard(
        name=table.take("name", check_name),
        metric=table.take("metric", METRICS.require),
        features=table.take("features", FEATURES.require),
        title=table.take("title", text(200)),
        percent=table.take("percent", boolean, False),
        main=main,
        oracles=table.take("oracles", several(SCORERS.require, MOST), ()),
        optional=optional,
    )
