"""Numbers over a suite's final images, end to end on digits, against clean-fid and torch-fidelity."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tts_bench import api
from tts_bench.digits.data import digits as real_digits
from tts_bench.digits.data import to_image
from tts_bench.engine import Engine
from tts_bench.errors import BadInput
from tts_bench.evaluation import Evaluation, Evaluator
from tts_bench.executors.local import InProcess
from tts_bench.features.digits import load as network
from tts_bench.metrics.sample import Sample
from tts_bench.prepare import Workshop
from tts_bench.results import read_result, read_rows
from tts_bench.set_measures import GROUPS, SetMeasures
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.suite import CARDS, Suite, find_suite, read_suite

N = 60
MODEL = "digits:steps=2"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("digits")


@pytest.fixture(scope="module")
def done(place: Path) -> Evaluation:
    chosen = [
        from_flags(MODEL, "none"),
        from_flags(MODEL, "random:candidates=2", "digits_reader"),
        from_flags(MODEL, "random:candidates=2", "digits_oracle_fid"),
    ]
    return api.run_evaluation("digits", chosen, api.Settings(N, store=place / "store", workers=1), place)


def seen(place: Path, name: str) -> Sample:
    """The final images as the network sees them, fetched by the picks' keys."""
    picks = list(read_rows(place / "results" / "digits" / name)["pick"])
    with Store(place / "store") as store:
        images = store.images(picks)
    return network()([images[key] for key in picks])


def test_the_numbers_are_the_libraries_own(done: Evaluation, place: Path) -> None:
    from cleanfid.fid import frechet_distance
    from torch_fidelity.metric_isc import isc_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    real = network()(list(to_image(real_digits()[0])))
    mean, covariance = real.features.mean(axis=0, dtype=np.float64), np.cov(real.features.astype(float), rowvar=False)
    for result in done.results:
        own = seen(place, result.name)
        features = own.features.astype(np.float64)
        fid = frechet_distance(features.mean(axis=0), np.cov(features, rowvar=False), mean, covariance)
        assert result.metrics["fid"].value == pytest.approx(fid, rel=1e-3)  # its root is of a singular product
        score = isc_features_to_metric(torch.from_numpy(own.logits), splits=10, shuffle=True, rng_seed=2020)
        assert result.metrics["inception_score"].value == pytest.approx(score["inception_score_mean"], rel=1e-6)
        options = {"prc_neighborhood": 3, "prc_batch_size": 10000, "save_cpu_ram": False, "verbose": False}
        found = prc_features_to_metric(torch.from_numpy(own.features), torch.from_numpy(real.features), **options)
        for name in ("precision", "recall"):
            assert result.metrics[name].value == pytest.approx(found[name], abs=1 / 1797 + 1e-6)


def test_what_is_left_out_is_a_group_of_all_classes(done: Evaluation, place: Path) -> None:
    from cleanfid.fid import fid_from_feats

    labels = [prompt.label or 0 for prompt in find_suite("digits").prompts(N)]
    groups = find_suite("digits").source.groups(labels, GROUPS)  # type: ignore[union-attr]
    real = network()(list(to_image(real_digits()[0]))).features.astype(np.float64)
    result = done.results[0]
    features = seen(place, result.name).features.astype(np.float64)
    for group in (0, 7, 19):
        expected = fid_from_feats(features[groups != group], real)
        assert result.left_out["fid"][group] == pytest.approx(expected, rel=1e-3)
    assert {name: len(values) for name, values in result.left_out.items()} == dict.fromkeys(
        ("fid", "inception_score", "precision", "recall"), GROUPS
    )


def test_oracles_and_small_sets_are_flagged(done: Evaluation) -> None:
    none, reader, oracle = (set(result.flags) for result in done.results)
    few = {"few_images:fid", "fewer_images_than_the_card"}
    assert none == few, "60 images in 64 dimensions, where the card has 1,000"
    assert reader == {"own_metric:reader", *few}
    assert oracle == {"oracle", "own_metric:fid", *few}


def test_the_oracle_of_fid_lowers_it(done: Evaluation) -> None:
    values = [result.metrics["fid"].value or 0 for result in done.results]
    assert values[2] < 0.7 * values[0]


def test_again_nothing_is_looked_at_and_the_bytes_are_the_same(done: Evaluation, place: Path) -> None:
    before = {path: path.read_bytes() for path in (place / "results").rglob("*.json")}
    chosen = [from_flags(MODEL, "none"), from_flags(MODEL, "random:candidates=2", "digits_oracle_fid")]
    with Store(place / "store") as store:
        engine = Engine(store, InProcess())
        Evaluator(find_suite("digits"), engine, place, N).run(chosen)
    assert (engine.nfe_run, engine.scorer_calls_run) == (0, 0)
    assert before == {path: path.read_bytes() for path in (place / "results").rglob("*.json")}


def test_a_result_is_read_back_and_a_tampered_one_refused(done: Evaluation, place: Path, tmp_path: Path) -> None:
    folder = place / "results" / "digits" / done.results[0].name
    assert read_result(folder).left_out == done.results[0].left_out
    copy = tmp_path / "none"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    whole = json.loads((folder / "result.json").read_text())
    for change, said in (
        ({"other": [1.0, 2.0]}, "is no metric of this result"),
        ({"fid": [1.0]}, "two groups or more"),
        ({"fid": [1.0, "2"]}, "must be a finite number"),
    ):
        (copy / "result.json").write_text(json.dumps(whole | {"left_out": whole["left_out"] | change}))
        with pytest.raises(BadInput, match=said):
            read_result(copy)


def with_network(name: str, optional: bool) -> Suite:
    suite = find_suite("digits")
    return replace(
        suite, set_metrics=tuple(replace(m, features=name, optional=optional) for m in suite.set_metrics[:1])
    )


def test_without_real_images_a_number_is_refused_or_left_out_with_a_note() -> None:
    with pytest.raises(BadInput, match=r"digits.toml: set_metrics.fid.features = 'clean': needs real images") as error:
        SetMeasures(with_network("clean", False), Workshop()).check()
    assert "\n" not in str(error.value)
    measures = SetMeasures(with_network("clean", True), Workshop())
    measures.check()
    assert measures.used == [] and measures.notes == ["fid is left out: no --reference clean=FILE"]


def test_too_few_images_are_one_line(place: Path) -> None:
    """And refused before anything is made: nothing is written."""
    suite, made = find_suite("digits"), SetMeasures(find_suite("digits"), Workshop())
    for n in (1, 2, 3, 5, 10, 11):
        settings = api.Settings(n, store=place / "s", workers=1)
        enough = n == 11  # less one of 11 groups are 10 images, for 10 splits
        if enough:
            made.check_count(suite.prompts(n))
            continue
        said = rf"digits.toml: images = {n}: are too few for inception_score, .*; ask for 11"
        with pytest.raises(BadInput, match=said) as error:
            api.run_evaluation("digits", [from_flags(MODEL, "none")], settings, place / "few")
        assert "\n" not in str(error.value) and not (place / "s").exists() and not (place / "few").exists()


def test_enough_by_that_rule_is_enough_for_every_metric(place: Path) -> None:
    settings = api.Settings(11, store=place / "s", workers=1)
    done = api.run_evaluation("digits", [from_flags(MODEL, "none")], settings, place / "eleven")
    assert all(np.isfinite(number.value or 0) for number in done.results[0].metrics.values())


def test_after_pruning_to_scores_nothing_is_made_again(done: Evaluation, place: Path) -> None:
    chosen = [from_flags(MODEL, "none"), from_flags(MODEL, "random:candidates=2", "digits_oracle_fid")]
    before = {path: path.read_bytes() for path in (place / "results").rglob("*.json")}
    copy = place / "pruned"
    shutil.copy(place / "store", copy)
    with Store(copy) as store:
        assert store.prune("scores") > 0
        engine = Engine(store, InProcess())
        Evaluator(find_suite("digits"), engine, place, N).run(chosen)
    assert (engine.nfe_run, engine.scorer_calls_run) == (0, 0)
    assert before == {path: path.read_bytes() for path in (place / "results").rglob("*.json")}


def test_the_main_metric_cannot_be_optional(tmp_path: Path) -> None:
    text = (CARDS / "digits.toml").read_text(encoding="utf-8")
    (tmp_path / "digits.toml").write_text(text.replace("main = true\n", "main = true\noptional = true\n", 1))
    with pytest.raises(BadInput, match=r"set_metrics\[0\].optional = True: the main metric is what results are ranked"):
        read_suite(tmp_path / "digits.toml")
