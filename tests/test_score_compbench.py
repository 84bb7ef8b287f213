"""Images of others on suites of objects and places: pictures, recorded detections, results of the authors' scripts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from tests.compbench_home import COMPBENCH, command, furnish
from tests.scorers import tiny
from tts_bench.detections.records import read_records
from tts_bench.errors import BadInput
from tts_bench.results import read_image_rows, read_result
from tts_bench.suites.compbench import CATEGORIES
from tts_bench.suites.compbench_results import FILES

OBJECTS = "spatial,numeracy,3d_spatial"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With two pictures for each prompt, by its id and as the authors' script names them."""
    folder = tmp_path_factory.mktemp("score")
    furnish(folder, "t2i_compbench")
    shown, number = tiny.pictures(32, seed=5), 0
    for category in CATEGORIES:
        for place, text in enumerate(COMPBENCH[f"{category}_val.txt"].splitlines()):
            for image in (1, 2):
                picture = Picture.fromarray(shown[number])
                for path in (f"ids/{category}-{place:03d}_{image}.png", f"theirs/samples/{text}_{number:06d}.png"):
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    picture.save(folder / path)
                number += 1
    return folder


def score(home: Path, out: str, *more: str) -> Any:
    flags = ["--name", "theirs", "--nfe", "60", "--json"]
    places = ["--store", str(home / out / "store"), "--out", str(home / out)]
    return command(home, "t2i_compbench", "score", *flags, *places, *more)


def rows(home: Path, out: str) -> dict[str, float]:
    table = read_image_rows(home / out / "results" / "t2i_compbench" / "theirs").set_index("prompt_id")
    return table["compbench"].to_dict()


@pytest.fixture(scope="module")
def seen(home: Path) -> dict[str, float]:
    done = score(home, "seen", "--images", str(home / "ids"))
    assert done.exit_code == 0, done.output
    return rows(home, "seen")


@pytest.fixture(scope="module")
def recorded(home: Path) -> Path:
    done = command(
        home, "t2i_compbench", "detect", "--images", str(home / "ids"), "--out", str(home / "seen.jsonl"),
        "--categories", OBJECTS,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return home / "seen.jsonl"


def test_pictures_are_found_by_ids_or_as_the_authors_name_them(home: Path, seen: dict[str, float]) -> None:
    assert len(seen) == 32
    done = score(home, "named", "--images", str(home / "theirs"))
    assert done.exit_code == 0, done.output
    assert rows(home, "named") == seen
    result = read_result(home / "named" / "results" / "t2i_compbench" / "theirs")
    assert result.flags[0] == "self_reported" and result.suite.images == 2 and result.metrics["compbench"].n == 16


def test_missing_pictures_are_an_error_with_a_list(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "ids", tmp_path / "ids")
    (tmp_path / "ids" / "color-001_2.png").unlink()
    (tmp_path / "ids" / "complex-000_1.png").rename(tmp_path / "ids" / "complex-0_1.png")
    done = score(home, "lacking", "--images", str(tmp_path / "ids"))
    message = str(done.exception)
    assert "missing 2 (complex-000_1, color-001_2); of no prompt 1 (complex-0_1)" in message
    assert done.exit_code == 1 and not (home / "lacking" / "results").exists()


def test_recorded_detections_give_the_same_numbers_with_no_network(
    home: Path, seen: dict[str, float], recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = read_records(recorded)
    assert len(records) == 3 * 2 * 2 and all(record.depth_model for record in records if "3d" in record.prompt_id)

    def blind(*args: Any, **options: Any) -> Any:
        raise AssertionError("a network was loaded")

    monkeypatch.setattr("tts_bench.pretrained.Source.load", blind)
    for name, more in (("again", ()), ("beside", ("--images", str(home / "ids")))):
        done = score(home, name, "--detections", str(recorded), "--categories", OBJECTS, *more)
        assert done.exit_code == 0, done.output
        assert rows(home, name) == {key: value for key, value in seen.items() if key.split("-")[0] in OBJECTS}
        cards = [
            read_result(home / out / "results" / "t2i_compbench" / "theirs").cards["scorers"] for out in (name, "seen")
        ]
        for scorer in ("spatial_2d", "numeracy", "spatial_3d"):
            assert cards[0][scorer] == cards[1][scorer], "the same detector, the same card"  # type: ignore[index,call-overload]


def test_a_record_that_is_not_there_is_named(home: Path, recorded: Path, tmp_path: Path) -> None:
    lines = recorded.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["prompt_id"] != "numeracy-001"]
    (tmp_path / "few.jsonl").write_text("\n".join(kept), encoding="utf-8")
    done = score(home, "few", "--detections", str(tmp_path / "few.jsonl"), "--categories", OBJECTS)
    assert "missing 2 (numeracy-001, numeracy-001#2)" in str(done.exception)


def test_what_looks_at_images_needs_them(home: Path, recorded: Path) -> None:
    done = score(home, "blind", "--detections", str(recorded))
    assert "blip_vqa" in str(done.exception) and "take --categories 3d_spatial,numeracy,spatial" in str(done.exception)


def official(folder: Path, changes: Any = None) -> None:
    """As the authors' scripts leave it: running counts for some, texts in BLIP's."""
    for at, category in enumerate(CATEGORIES):
        answers = [{"question_id": n + 7 * at, "answer": round(0.1 * at + 0.01 * n, 4)} for n in range(4)]
        if FILES[category] == "annotation_blip":
            answers = [{**row, "answer": f"{row['answer']:.4f}"} for row in answers]
        if changes:
            answers = changes(category, answers)
        path = folder / category / FILES[category] / "vqa_result.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(answers[::-1]), encoding="utf-8")


def test_results_of_the_authors_scripts_are_taken_and_stand_on_a_board_of_their_own(home: Path) -> None:
    official(home / "results")
    done = score(home, "seen", "--official", str(home / "results"), "--verifier", "aesthetic")
    assert done.exit_code == 0, done.output
    found = rows(home, "seen")
    for at, category in enumerate(CATEGORIES):
        numbers = [found[f"{category}-{place:03d}{suffix}"] for place in (0, 1) for suffix in ("", "#2")]
        assert numbers == pytest.approx([0.1 * at + 0.01 * n for n in range(4)])
    command(home, "t2i_compbench", "score", "--name", "ours", "--nfe", "60", "--images", str(home / "ids"),
            "--store", str(home / "seen" / "store"), "--out", str(home / "seen"))  # fmt: skip
    page = (home / "seen" / "leaderboards" / "t2i_compbench.md").read_text(encoding="utf-8")
    assert "another version of a metric's scorer" in page and "scores that the suite's own scripts wrote" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c, rows: rows[:3], "answers = 3: 2 prompts of 2 images make 4 answers"),
        (lambda c, rows: [rows[0], *rows[:3]], "question_id = 1: so many ids are there twice"),
        (lambda c, rows: [*rows[:3], {**rows[3], "question_id": 99}], "ids are a running count"),
        (lambda c, rows: [*rows[:3], {**rows[3], "answer": "yes"}], "answer = 'yes': must be a score"),
        (lambda c, rows: [*rows[:3], {**rows[3], "answer": 7}], "answer = 7: must be a score"),
        (lambda c, rows: [*rows[:3], {"answer": 0.5}], "question_id = None: must be a whole number"),
        (lambda c, rows: {"all": rows}, "must be a list"),
    ],
)
def test_official_results_that_are_none_are_named(home: Path, tmp_path: Path, change: Any, words: str) -> None:
    official(tmp_path, lambda c, rows: list(change(c, rows)) if isinstance(change(c, rows), list) else rows)
    if words == "must be a list":
        (tmp_path / "color" / FILES["color"] / "vqa_result.json").write_text("{}", encoding="utf-8")
    done = score(home, "bad", "--official", str(tmp_path))
    assert words in str(done.exception) and "vqa_result.json" in str(done.exception)


def test_a_suite_without_such_scripts_says_so(home: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from tts_bench.cli import app

    flags = ["score", "--suite", "shapes_compbench", "--name", "x", "--nfe", "1", "--official", str(home)]
    done = CliRunner().invoke(app, [*flags, "--out", str(tmp_path)])
    assert "only of t2i_compbench, geneval are results known" in str(done.exception)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "name the images, or --detections, or --official"),
        (("--official", "x", "--images", "y"), "leave --images and --detections out"),
        (("--detections", "x", "--detector", "owlv2"), "these are recorded; leave it out"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(home: Path, flags: tuple[str, ...], words: str) -> None:
    assert words in str(score(home, "flags", *flags).exception)


def test_genevals_own_results_are_taken(tmp_path: Path) -> None:
    furnish(tmp_path, "geneval")
    lines = [
        {"filename": f"x/{place:05d}/samples/{image:04d}.png", "correct": (place + image) % 2 == 0, "reason": ""}
        for place in (1, 0) for image in (1, 0)
    ]  # fmt: skip
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    flags = ["--name", "theirs", "--nfe", "50", "--official", str(tmp_path / "results.jsonl"), "--per-prompt", "2"]
    done = command(tmp_path, "geneval", "score", *flags, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    table = read_image_rows(tmp_path / "out" / "results" / "geneval" / "theirs").set_index("prompt_id")
    assert table["geneval"].to_dict() == {"0": 1.0, "0#2": 0.0, "1": 0.0, "1#2": 1.0}
    done = command(tmp_path, "geneval", "score", *flags[:-1], "3", "--out", str(tmp_path / "out"))
    assert "prompt 00000 must have 3 of them" in str(done.exception)


def test_an_edited_record_is_another_score_and_never_the_live_detectors(
    home: Path, seen: dict[str, float], recorded: Path, tmp_path: Path
) -> None:
    """One store for all: records of other contents have the same card, and must not share what is kept."""
    lines = [json.loads(line) for line in recorded.read_text(encoding="utf-8").splitlines()]
    (tmp_path / "empty.jsonl").write_text("".join(json.dumps({**line, "detections": []}) + "\n" for line in lines))
    found = {}
    for name, records in (("empty", tmp_path / "empty.jsonl"), ("whole", recorded), ("live", None)):
        more = ["--detections", str(records)] if records else []
        done = score(home, "mixed", "--images", str(home / "ids"), "--categories", "numeracy", *more)
        assert done.exit_code == 0, done.output
        found[name] = rows(home, "mixed")
    assert set(found["empty"].values()) == {0.0}
    assert found["whole"] == found["live"] == {key: seen[key] for key in found["live"]} != found["empty"]


def test_records_in_another_frame_are_refused(home: Path, recorded: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in recorded.read_text(encoding="utf-8").splitlines()]
    larger = [{**line, "width": 1024, "height": 1024} for line in lines if line["prompt_id"].startswith("numeracy")]
    (tmp_path / "large.jsonl").write_text("".join(json.dumps(line) + "\n" for line in larger))
    done = score(home, "large", "--detections", str(tmp_path / "large.jsonl"), "--categories", "numeracy")
    assert "size = '1024 x 1024': numeracy counts in pixels of an image with a short side of 479" in str(done.exception)


@pytest.mark.parametrize("flag", [("--rules", "fixed"), ("--detector", "detr")])
def test_what_official_results_cannot_follow_is_refused(home: Path, tmp_path: Path, flag: tuple[str, str]) -> None:
    official(tmp_path)
    done = score(home, "bad", "--official", str(tmp_path), *flag)
    assert "by the authors' rules and detector; leave it out" in str(done.exception)


def test_of_one_category_the_folder_may_be_its_own_and_a_missing_one_is_told(home: Path, tmp_path: Path) -> None:
    official(tmp_path)
    done = score(home, "alone", "--official", str(tmp_path / "color"), "--categories", "color")
    assert done.exit_code == 0, done.output
    shutil.rmtree(tmp_path / "shape")
    done = score(home, "alone", "--official", str(tmp_path))
    assert "'shape/annotation_blip/vqa_result.json': is missing; put each category's results there" in str(
        done.exception
    )


def test_what_other_rules_write_over_is_told(home: Path, seen: dict[str, float]) -> None:
    flags = ["--images", str(home / "ids"), "--categories", "numeracy"]
    score(home, "twice", *flags)
    done = command(home, "t2i_compbench", "score", "--name", "theirs", "--nfe", "60", *flags, "--rules", "fixed",
                   "--store", str(home / "twice" / "store"), "--out", str(home / "twice"))  # fmt: skip
    assert done.exit_code == 0
    place = home / "twice" / "leaderboards" / "t2i_compbench.md"
    assert "numeracy: by the fixed rules." in place.read_text(encoding="utf-8")
    assert "replaced a result by other rules" in " ".join(done.output.split())


def test_genevals_reasons_are_written_as_its_script_writes_them(tmp_path: Path) -> None:
    furnish(tmp_path, "geneval")
    (tmp_path / "ids").mkdir()
    for name, picture in zip(("0", "1"), tiny.pictures(2), strict=True):
        Picture.fromarray(picture).save(tmp_path / "ids" / f"{name}.png")
    places = ["--images", str(tmp_path / "ids"), "--out", str(tmp_path / "seen.jsonl"), "--per-prompt", "1"]
    details = tmp_path / "results.jsonl"
    done = command(tmp_path, "geneval", "detect", *places, "--details", str(details))
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in details.read_text(encoding="utf-8").splitlines()]
    assert [row["filename"] for row in told] == ["00000/samples/0000.png", "00001/samples/0000.png"]
    assert all(row["correct"] or "expected" in row["reason"] for row in told)
    flags = ["--name", "theirs", "--nfe", "50", "--per-prompt", "1", "--out", str(tmp_path / "out")]
    found = []
    for source in (("--official", str(details)), ("--detections", str(tmp_path / "seen.jsonl"))):
        assert command(tmp_path, "geneval", "score", *flags, *source).exit_code == 0
        found.append(read_image_rows(tmp_path / "out" / "results" / "geneval" / "theirs")["geneval"].tolist())
    assert found[0] == found[1] == [float(row["correct"]) for row in told]


def test_one_file_name_twice_in_genevals_results_is_named(tmp_path: Path) -> None:
    furnish(tmp_path, "geneval")
    line = json.dumps({"filename": "x/00000/samples/0000.png", "correct": True})
    (tmp_path / "results.jsonl").write_text(f"{line}\n{line}\n", encoding="utf-8")
    flags = ["--name", "theirs", "--nfe", "50", "--official", str(tmp_path / "results.jsonl"), "--per-prompt", "1"]
    done = command(tmp_path, "geneval", "score", *flags, "--out", str(tmp_path / "out"))
    assert "results.jsonl:2: filename = '0000.png': is there twice for 00000" in str(done.exception)


@pytest.mark.parametrize("change", ["missing", "flipped", "one"])
def test_rows_of_images_are_held_to_their_digest(
    home: Path, seen: dict[str, float], tmp_path: Path, change: str
) -> None:
    """Without them every second pick would be forgotten; a result of one image has none and says so."""
    folder = tmp_path / "theirs"
    shutil.copytree(home / "seen" / "results" / "t2i_compbench" / "theirs", folder)
    result, rows_of = folder / "result.json", folder / "images.parquet"
    told = json.loads(result.read_text(encoding="utf-8"))
    if change == "flipped":
        content = bytearray(rows_of.read_bytes())
        content[len(content) // 2] ^= 1
        rows_of.write_bytes(content)
    elif change == "missing":
        del told["files"]["images.parquet"]
    else:
        told["suite"]["images"] = 1
    result.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(BadInput):
        read_result(folder)
