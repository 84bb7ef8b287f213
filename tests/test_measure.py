"""`tts-bench metrics` on folders: the libraries' numbers on the same images, and one line for whatever is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
from tts_bench.features.stream import extract
from tts_bench.keys import file_digest
from tts_bench.measure import check_out, located, read_reference
from tts_bench.metrics.sample import Sample, moments
from tts_bench.types import Key

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
    assert report["flags"] == ["no more images than feature dimensions"]
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
    found = moments(extract(FolderImages(home / "real"), network_of(home)).sample.features)
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
    for text in ("FID", "FID, n -> infinity", "KID, unsplit", "95 % interval", "flag: no more", "features clean"):
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


def test_weights_are_given_and_pinned_as_in_evaluate(home: Path) -> None:
    plain, expected = home / "inception-2015-12-05.pt", measured(*folders(home), *own(home))
    pinned = f"{plain}@sha256:{file_digest(plain)}"
    for given in (pinned, f"clean={pinned}"):
        assert measured(*folders(home), "--weights", given, "--batch-size", 5) == expected
    named = own(home)
    named[1] = f"clean={plain}"
    assert measured(*folders(home), *named) == expected


def test_weights_of_another_network_or_with_two_pins_are_refused(home: Path) -> None:
    pin, here = "sha256:" + "0" * 64, folders(home)
    cases: list[tuple[list[object], str]] = [
        (["--weights", "fidelity=a.pth"], "--weights = 'fidelity': --features is clean"),
        (["--weights", "claen=a.pth"], "did you mean 'clean'"),
        (["--weights", "clean="], "write --weights clean=PLACE"),
        (["--weights", f"a.pth@{pin}", "--revision", pin], "has a pin already"),
        (["--weights", home / "inception-2015-12-05.pt"], "are pinned: --weights clean=FILE@sha256:"),
        (["--features", "digits", "--weights", "a.pth"], "features digits: weights = 'a.pth': has weights of its own"),
        (["--features", "digits", "--revision", "sha256:aa"], "features digits: revision = 'sha256:aa': has weights"),
    ]
    for arguments, expected in cases:
        assert expected in refused(*here, *arguments)


def test_a_place_with_an_equals_sign_is_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b.pt").touch()
    for place in ("a=b.pt", "runs/lr=3/w.pt", "./clean=b.pt"):
        assert located(place, None, "clean") == (Path(place), None)


def test_images_are_looked_at_before_the_reference(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken image of the smaller set costs no pass over the larger one."""
    torn = save_images(tmp_path / "torn", 3, 0)
    (torn / "002.png").write_bytes((torn / "002.png").read_bytes()[:-30])
    real = {item.read().tobytes() for item in FolderImages(home / "real").items()}
    seen: list[bytes] = []
    prepare = clean.Clean.prepare
    monkeypatch.setattr(clean.Clean, "prepare", lambda self, x: [seen.append(x.tobytes()), prepare(self, x)][1])
    assert "002.png" in refused("--images", torn, "--reference", home / "real", *own(home))
    assert seen and not real & set(seen)
    measured("--images", home / "fake", "--reference", home / "real", *own(home))
    assert real <= set(seen), "which would be seen"


def test_smaller_subsets_than_the_card_says_are_noted(home: Path) -> None:
    notes = {metric["name"]: metric for metric in measured(*folders(home), *own(home))["metrics"]}
    assert notes["kernel_distance"]["note"] == f"subsets of {REAL} images, all there are, not of 1000"
    assert notes["kernel_distance"]["card"]["size"] == 1000, "cards are identities"
    assert notes["kernel_distance_unsplit"]["note"] == notes["precision"]["note"] == ""


def test_a_network_that_gives_nan_is_refused_by_its_image(home: Path, tmp_path: Path) -> None:
    script = torch.jit.load(str(home / "inception-2015-12-05.pt"))
    next(script.parameters()).data.fill_(float("nan"))
    script.save(str(tmp_path / "nan.pt"))
    weights = ["--weights", tmp_path / "nan.pt", "--revision", f"sha256:{file_digest(tmp_path / 'nan.pt')}"]
    assert "000.png" in refused(*folders(home), *weights)


class Shelf(dict[Key, Mapping[str, np.ndarray]]):
    """A cache in memory that holds what a store would take: finite floats."""

    def put(self, key: Key, arrays: Mapping[str, np.ndarray]) -> None:
        assert all(array.dtype.kind == "f" and np.isfinite(array).all() for array in arrays.values())
        self[key] = {name: array.copy() for name, array in arrays.items()}


class Asked(clean.Clean):
    """A feature network that counts the images it was shown."""

    shown = 0

    def run(self, prepared: Sequence[np.ndarray]) -> Sample:
        self.shown += len(prepared)
        return super().run(prepared)


def network_of(home: Path) -> Asked:
    path = home / "inception-2015-12-05.pt"
    return Asked(path, f"sha256:{file_digest(path)}")


def kept_pictures(home: Path, to: Path, kind: str) -> Path:
    """The real images as a folder, an .npz, or ADM's file with moments of its own."""
    pictures = np.stack([item.read() for item in FolderImages(home / "real").items()])
    if kind == "folder":
        to.mkdir()
        for file in (home / "real").iterdir():
            (to / file.name).write_bytes(file.read_bytes())
        return to
    moments = {} if kind == "npz" else {"mu": np.zeros(2048), "sigma": np.eye(2048)}
    np.savez(to.with_suffix(".npz"), pictures, **moments)
    return to.with_suffix(".npz")


@pytest.mark.parametrize("kind", ["folder", "npz", "adm"])
def test_real_images_are_looked_at_once(home: Path, tmp_path: Path, kind: str) -> None:
    shelf, place = Shelf(), str(kept_pictures(home, tmp_path / "real", kind))
    first, again, without = network_of(home), network_of(home), network_of(home)
    (one, card), (two, same) = (read_reference(place, asked, cache=shelf) for asked in (first, again))
    (three, plain) = read_reference(place, without, batch_size=5)
    assert (first.shown, again.shown, without.shown) == (REAL, 0, REAL) and len(shelf) == 1
    assert card == same == plain
    for other in (two, three):
        for name in ("features", "logits"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
        assert np.array_equal(one.moments.mean, other.moments.mean)
        assert np.array_equal(one.moments.covariance, other.moments.covariance)


def test_a_changed_image_or_network_is_looked_at_anew_and_a_renamed_one_is_not(home: Path, tmp_path: Path) -> None:
    shelf, real = Shelf(), kept_pictures(home, tmp_path / "real", "folder")
    _, before = read_reference(str(real), network_of(home), cache=shelf)
    real = real.rename(tmp_path / "elsewhere")
    asked = network_of(home)
    assert read_reference(str(real), asked, cache=shelf)[1] == before and not asked.shown
    (real / "003.png").write_bytes((real / "004.png").read_bytes())
    assert read_reference(str(real), asked, cache=shelf)[1] != before and asked.shown == REAL
    save_script(tmp_path / "other.pt", seed=3)
    other = Asked(tmp_path / "other.pt", f"sha256:{file_digest(tmp_path / 'other.pt')}")
    read_reference(str(real), other, cache=shelf)
    assert other.shown == REAL and len(shelf) == 3


def test_an_answer_that_cannot_be_the_networks_is_not_taken(home: Path) -> None:
    shelf = Shelf()
    _, card = read_reference(str(home / "real"), network_of(home), cache=shelf)
    ((key, whole),) = shelf.items()
    spoilt = [
        {"features": whole["features"]}, {**whole, "features": whole["features"][:, :9]},
        {**whole, "logits": whole["logits"][:-1]}, {**whole, "pixels": whole["pixels"][:-1]},
    ]  # fmt: skip
    for arrays in spoilt:
        shelf[key] = arrays
        asked = network_of(home)
        assert read_reference(str(home / "real"), asked, cache=shelf)[1] == card and asked.shown == REAL


class Careless(Shelf):
    """The broken twin: whatever the images, it has one answer."""

    def get(self, key: Key, default: object = None) -> Any:
        return next(iter(self.values()), None)


def test_a_cache_that_does_not_look_at_the_key_would_be_seen(home: Path) -> None:
    shelf, asked = Careless(), network_of(home)
    first, second = (read_reference(str(home / name), asked, cache=shelf) for name in ("real", "fake"))
    assert first[1] == second[1] and asked.shown == REAL
    assert read_reference(str(home / "fake"), asked, cache=Shelf())[1] != second[1]


def test_a_place_for_the_report_is_looked_at_before_the_work(tmp_path: Path) -> None:
    check_out(tmp_path / "new" / "report.json")
    with pytest.raises(BadInput, match="--out = .*is a folder; name a file"):
        check_out(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="choose another --out"):
        check_out(tmp_path / "file" / "report.json")
