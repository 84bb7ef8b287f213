"""Oracle-FID: its choice is the one of least Frechet distance, as torch-fidelity's own function measures it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from torch_fidelity.metric_fid import fid_statistics_to_metric

from tests.scorers.tiny import Few, clean_network, made, pictures, prompts, real
from tts_bench.metrics.sample import Reference
from tts_bench.protocols import OverSet
from tts_bench.scorers import oracle_fid
from tts_bench.scorers.oracle_fid import OracleFid
from tts_bench.types import Json


def statistics(features: np.ndarray) -> dict[str, np.ndarray]:
    return {"mu": features.mean(axis=0), "sigma": np.cov(features, rowvar=False)}


def test_a_value_is_minus_the_frechet_distance_with_the_candidate_added() -> None:
    images, known = pictures(12, seed=4), real()[0].features
    assert known is not None
    scorer: OracleFid = made("oracle_fid")
    rows = scorer.features(images, prompts(12))
    chosen = scorer.begin()
    for row in rows[:5]:
        chosen.add(row)
    found = chosen.values(rows[5:])
    seen = Few()(images).features.astype(np.float64)
    for value, candidate in zip(found, seen[5:], strict=True):
        both = statistics(np.vstack([seen[:5], candidate])), statistics(known.astype(np.float64))
        expected = fid_statistics_to_metric(*both, False)["frechet_inception_distance"]
        assert value == pytest.approx(-expected, rel=1e-5)
    assert len(set(found)) == len(found)


def test_the_network_and_the_real_images_that_measure_are_asked_for_by_name_and_late() -> None:
    asked: list[str] = []

    def reference(name: str) -> tuple[Reference, Mapping[str, Json]]:
        asked.append(name)
        return real()

    scorer = oracle_fid.load(lambda name: {"fidelity": clean_network()}[name], reference)
    assert not asked
    assert scorer.card["network"] == clean_network().card and scorer.card["reference"] == real()[1]
    assert set(asked) == {"fidelity"}
    assert isinstance(scorer, OverSet)


def test_features_are_those_of_the_network_and_the_same_alone() -> None:
    scorer = oracle_fid.load(lambda name: clean_network(), lambda name: real())
    images = pictures(4)
    found = scorer.features(images, prompts(4))
    assert np.stack(found)[:, :-1] == pytest.approx(clean_network()(images).features, abs=1e-6)
    assert [row.tobytes() for row in found] == [scorer.features([image], prompts(1))[0].tobytes() for image in images]
