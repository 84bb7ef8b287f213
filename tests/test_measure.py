"""`tts-bench metrics` on folders: the libraries' numbers on the same images, and one line for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from tests.features.inception import random_inception, save_code, save_images, save_script
from tts_bench import cli
from tts_bench.errors import BadInput
from tts_bench.features import clean
from tts_bench.features.folder import FolderImages
from tts_bench.features.stream import see
from tts_bench.keys import file_digest
from tts_bench.metrics.sample import moments

FAKE, REAL = 18, 16


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measure")
    save_script(folder / "inception-2015-12-05.pt")
    save_images(folder / "fake", FAKE, 0, shift=30)
    save_images(folder / "real", REAL, 1)
    return folder


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, ["metrics", *map(str, arguments)])


def own(home: Path) -> list[object]:
    """The stand-in network, by its digest."""
    path = home / "inception-2015-12-05.pt"
    return ["--weights", path, "--revision", f"sha256:{file_digest(path)}", "--batch-size", 5]


def measured(*arguments: object) -> dict[str, Any]:
    done = invoke(*arguments, "--json")
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def values(report: dict[str, Any]) -> dict[str, Any]:
    return {metric["name"]: metric["value"] for metric in report["metrics"]}


def refused(*arguments: object) -> str:
    done = invoke(*arguments)
    assert isinstance(done.exception, BadInput), done.exception
    assert "\n" not in str(done.exception) and done.stdout == ""
    return str(done.exception)


def folders(home: Path) -> list[object]:
    return ["--images", home / "fake", "--reference", home / "real"]


def by_svd(x: np.ndarray, y: np.ndarray) -> float:
    """The closed form for fewer images than dimensions, in float64: the root's trace is a nuclear norm."""
    a, b = (z.astype(np.float64) for z in (x, y))
    d = a.mean(0) - b.mean(0)
    a, b = ((z - z.mean(0)) / np.sqrt(len(z) - 1) for z in (a, b))
    return float(d @ d + (a**2).sum() + (b**2).sum() - 2 * np.linalg.svd(a @ b.T, compute_uv=False).sum())


def test_fid_and_kid_are_those_of_clean_fids_features(home: Path) -> None:
    from cleanfid import fid
    from cleanfid.inception_torchscript import InceptionV3W

    options: dict[str, Any] = {"num_workers": 0, "device": torch.device("cpu"), "mode": "clean", "verbose": False}
    network = InceptionV3W(str(home), download=False)
    fake, real = (fid.get_folder_features(str(home / name), network, **options) for name in ("real", "fake"))
    found = values(measured("--images", home / "real", "--reference", home / "fake", *own(home)))
    assert found["frechet_distance"] == pytest.approx(by_svd(fake, real), rel=1e-6)
    # clean-fid draws a subset of the larger set, which is as large as the smaller: over many, the mean of all.
    theirs = fid.kernel_distance(real, fake, num_subsets=4000, max_subset_size=REAL)
    assert found["kernel_distance_unsplit"] == pytest.approx(theirs, rel=0.02)


def test_all_of_torch_fidelitys_metrics_are_found_again(tmp_path: Path) -> None:
    from torch_fidelity import calculate_metrics

    weights, revision = random_inception()
    fake, real = save_images(tmp_path / "fake", 11, 0, shift=30), save_images(tmp_path / "real", 11, 1)
    theirs = calculate_metrics(
        input1=str(fake), input2=str(real), cuda=False, verbose=False, save_cpu_ram=True, cache=False, isc=True,
        fid=True, prc=True, kid=True, kid_subsets=1, kid_subset_size=11, feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(weights),
    )  # fmt: skip
    arguments = ["--images", fake, "--reference", real, "--features", "fidelity", "--batch-size", 4]
    report = measured(*arguments, "--weights", weights, "--revision", revision)
    found = values(report)
    assert found["inception_score"] == pytest.approx(theirs["inception_score_mean"], rel=1e-6)
    # Theirs has the noise of 2,038 eigenvalues that are zero.
    assert found["frechet_distance"] == pytest.approx(theirs["frechet_inception_distance"], rel=1e-3)
    # Theirs is summed in float32.
    assert found["kernel_distance_unsplit"] == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-3)
    assert found["precision"] == pytest.approx(theirs["precision"], abs=1e-6)
    assert found["recall"] == pytest.approx(theirs["recall"], abs=1e-6)
    assert report["features"]["weights"] == revision.removeprefix("sha256:")


def test_a_report_has_intervals_flags_and_cards(home: Path) -> None:
    report = measured(*folders(home), *own(home))
    by_name = {metric["name"]: metric for metric in report["metrics"]}
    assert list(by_name) == [
        "frechet_distance", "frechet_distance_inf", "kernel_distance", "kernel_distance_unsplit", "precision", "recall",
        "inception_score", "inception_score_unsplit", "inception_score_inf",
    ]  # fmt: skip
    for name in [name for name in by_name if not name.endswith("_inf")]:
        metric = by_name[name]
        assert metric["low"] <= metric["value"] <= metric["high"] and metric["standard_error"] >= 0, name
    assert by_name["frechet_distance_inf"]["card"]["extrapolated"]
    assert (report["n"], report["dimension"]) == (FAKE, 2048)
    assert report["flags"] == ["fewer images than feature dimensions"]
    assert report["reference"]["n"] == REAL and len(report["images"]["pixels"]) == 64
    assert str(home) not in json.dumps(report)


def test_the_same_images_are_at_no_distance_under_any_batch_or_number_of_readers(home: Path) -> None:
    same = ["--images", home / "real", "--reference", home / "real", *own(home)]
    assert values(measured(*same))["frechet_distance"] == pytest.approx(0, abs=1e-6)
    first, second = (measured(*folders(home), *own(home), "--readers", readers) for readers in (0, 3))
    assert first == second


def test_statistics_that_were_kept_stand_for_their_images(home: Path, tmp_path: Path) -> None:
    kept, report = tmp_path / "real.npz", tmp_path / "report.json"
    first = measured(*folders(home), *own(home), "--save-reference", kept, "--out", report)
    second = measured("--images", home / "fake", "--reference", kept, *own(home))
    assert second["metrics"] == first["metrics"]
    assert second["reference"]["taken"]["pixels"] == first["reference"]["pixels"]
    assert json.loads(report.read_text()) == first
    assert {path.name for path in tmp_path.iterdir()} == {"real.npz", "report.json"}


def test_moments_alone_leave_some_metrics_missing_with_the_reason(home: Path, tmp_path: Path) -> None:
    path = home / "inception-2015-12-05.pt"
    found = moments(see(FolderImages(home / "real"), clean.load(path, file_digest(path))).sample.features)
    np.savez(tmp_path / "theirs.npz", mu=found.mean, sigma=found.covariance)
    report = measured("--images", home / "fake", "--reference", tmp_path / "theirs.npz", *own(home))
    by_name = {metric["name"]: metric for metric in report["metrics"]}
    expected = values(measured(*folders(home), *own(home)))["frechet_distance"]
    assert by_name["frechet_distance"]["value"] == pytest.approx(expected, rel=1e-6)
    for name in ("kernel_distance", "precision", "recall"):
        assert by_name[name]["value"] is None and "moments alone" in by_name[name]["note"]
    assert by_name["inception_score"]["value"] is not None


def test_images_in_adms_file_give_it_features(home: Path, tmp_path: Path) -> None:
    pictures = np.stack([item.read() for item in FolderImages(home / "real").items()])
    np.savez(tmp_path / "adm.npz", pictures, mu=np.zeros(2048), sigma=np.eye(2048))
    report = measured("--images", home / "fake", "--reference", tmp_path / "adm.npz", *own(home))
    whole = measured(*folders(home), *own(home))
    for name in ("kernel_distance", "recall"):
        assert values(report)[name] == values(whole)[name]
    assert values(report)["frechet_distance"] > 100 * values(whole)["frechet_distance"]
    assert report["reference"]["features of arr_0"] == whole["reference"]


def test_two_images_are_enough_for_a_distance(home: Path, tmp_path: Path) -> None:
    save_images(tmp_path / "two", 2, 5)
    report = measured("--images", tmp_path / "two", "--reference", home / "real", *own(home))
    by_name = {metric["name"]: metric for metric in report["metrics"]}
    assert by_name["frechet_distance"]["value"] > 0 and by_name["frechet_distance"]["low"] is None
    for name in ("inception_score", "recall", "frechet_distance_inf"):
        assert by_name[name]["value"] is None and by_name[name]["note"]


def test_the_table_shows_names_values_and_what_they_hold_under(home: Path) -> None:
    done = CliRunner().invoke(cli.app, ["metrics", *map(str, [*folders(home), *own(home)])], env={"COLUMNS": "140"})
    assert done.exit_code == 0, done.exception
    for text in ("FID", "FID, n -> infinity", "KID, unsplit", "95 % interval", "flag: fewer images", "features clean"):
        assert text in done.stdout


def test_bad_input_is_one_line_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    kept = ["--save-reference", tmp_path / "kept.npz", "--out", tmp_path / "out.json"]
    one, none, torn = tmp_path / "one", tmp_path / "none", tmp_path / "torn"
    save_images(one, 1, 0)
    none.mkdir()
    data = (save_images(torn, 3, 0) / "001.png").read_bytes()
    (torn / "001.png").write_bytes(data[: len(data) - 30])
    save_code(tmp_path / "evil.pt")
    np.savez(tmp_path / "narrow.npz", mu=np.zeros(3), sigma=np.eye(3))
    real, mine = ["--reference", home / "real"], own(home)
    cases: list[tuple[list[object], str]] = [
        (["--images", one, *real, *mine], "holds one image"),
        (["--images", none, *real, *mine], "holds no PNG"),
        (["--images", torn, *real, *mine], "001.png"),
        (["--images", home / "fake", "--reference", torn, *mine], "001.png"),
        ([*folders(home), "--weights", tmp_path / "absent.pt"], clean.PUBLISHED.sha256),
        ([*folders(home), *mine[:2]], clean.PUBLISHED.sha256),
        ([*folders(home), *mine[:2], "--revision", "sha256:" + "0" * 64], "0" * 64),
        ([*folders(home), *mine, "--features", "claen"], "did you mean 'clean'"),
        ([*folders(home), *mine, "--device", "cuda:77"], "--device"),
    ]
    before = {path.name for path in tmp_path.iterdir()}
    assert invoke(*folders(home), "--weights", tmp_path / "absent.pt").stderr == ""  # no bar above the line
    for arguments, expected in cases:
        assert expected in refused(*arguments, *kept)
    for reference, expected in (("narrow.npz", "dimension = 3"), ("evil.pt", "never run")):
        assert expected in refused("--images", home / "fake", "--reference", tmp_path / reference, *mine)
    assert "already is statistics" in refused(
        "--images", home / "fake", "--reference", tmp_path / "narrow.npz", *mine, *kept
    )
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_network_that_gives_nan_is_refused_by_its_image(home: Path, tmp_path: Path) -> None:
    script = torch.jit.load(str(home / "inception-2015-12-05.pt"))
    next(script.parameters()).data.fill_(float("nan"))
    script.save(str(tmp_path / "nan.pt"))
    weights = ["--weights", tmp_path / "nan.pt", "--revision", file_digest(tmp_path / "nan.pt")]
    assert "000.png" in refused(*folders(home), *weights)
