"""Suite cards: what they say, how they are found, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tts_bench import suite as suites
from tts_bench.errors import BadInput
from tts_bench.metric_card import Metric
from tts_bench.registry import SUITES
from tts_bench.submission import VerifierSpec
from tts_bench.suite import CARDS, GridCard, find_suite, read_suite, suite_names

PROMPTS = "".join(json.dumps({"id": f"{i}", "text": f"{i} cats"}) + "\n" for i in range(5)).encode()
CARD = f"""\
name = "tiny"
title = "A tiny suite"
description = "For tests."
[prompts]
file = "tiny.jsonl"
sha256 = "{hashlib.sha256(PROMPTS).hexdigest()}"
limit = 3
[protocol]
seed = 7
model = "shapes"
[[metrics]]
name = "accuracy"
scorer = "checker"
output = "accuracy"
title = "all right"
percent = true
main = true
oracle = true
[[metrics]]
name = "appeal"
scorer = "appeal"
output = "score"
title = "appeal"
[[submissions]]
name = "none"
model = {{ name = "shapes" }}
search = {{ name = "none" }}
[grid]
searches = ["random", "zero_order:rounds=4"]
verifiers = ["checker", "dual_encoder+appeal"]
budgets = [64, 128]
limit = 2
[[published]]
source = "somebody, table 2"
accuracy = 0.5
"""


def write(folder: Path, card: str = CARD, prompts: bytes = PROMPTS, name: str = "tiny.toml") -> str:
    (folder / "tiny.jsonl").write_bytes(prompts)
    (folder / name).write_text(card)
    return str(folder / name)


def test_a_card_is_read(tmp_path: Path) -> None:
    suite = find_suite(write(tmp_path))
    assert (suite.name, suite.title, suite.description) == ("tiny", "A tiny suite", "For tests.")
    assert suite.digest == hashlib.sha256(CARD.encode()).hexdigest()
    assert (suite.path, suite.source.path) == (tmp_path / "tiny.toml", tmp_path / "tiny.jsonl")
    assert suite.source.sha256 == hashlib.sha256(PROMPTS).hexdigest()
    assert (suite.default_limit, suite.seed, suite.model, suite.curve) == (3, 7, "shapes", False)
    assert suite.metrics == (
        Metric("accuracy", "checker", "accuracy", "all right", True, True, True),
        Metric("appeal", "appeal", "score", "appeal", False, False, False),
    )
    assert [submission.name for submission in suite.submissions] == ["none"]
    searches, verifiers = ("random", "zero_order:rounds=4"), ("checker", "dual_encoder+appeal")
    assert suite.grid == GridCard(searches, verifiers, (64, 128), 2)
    assert suite.published == ({"source": "somebody, table 2", "accuracy": 0.5},)


def test_a_card_need_have_no_grid(tmp_path: Path) -> None:
    assert find_suite(write(tmp_path, CARD[: CARD.index("[grid]")])).grid is None


def test_prompts_are_a_prefix(tmp_path: Path) -> None:
    suite = find_suite(write(tmp_path))
    assert [prompt.id for prompt in suite.prompts(None)] == ["0", "1", "2"]
    assert [prompt.id for prompt in suite.prompts(5)] == ["0", "1", "2", "3", "4"]
    for limit in (0, -1, 6):
        with pytest.raises(BadInput, match=rf"prompts.limit = {limit}: the suite has 5 prompts; ask for 1 to 5"):
            suite.prompts(limit)


def test_the_embedded_card_is_the_one_of_the_issue() -> None:
    suite = find_suite("shapes")
    assert "shapes" in suite_names()
    assert [metric.name for metric in suite.metrics] == ["accuracy", "attributes", "audited", "dual_encoder", "appeal"]
    assert [metric.name for metric in suite.metrics if metric.oracle] == ["accuracy", "attributes"]
    verifiers = {submission.name: submission.verifier for submission in suite.submissions}
    assert verifiers == {
        "none": None,
        "random16-checker": VerifierSpec(("checker",), "single"),
        "random16-dual_encoder": VerifierSpec(("dual_encoder",), "single"),
        "random16-appeal": VerifierSpec(("appeal",), "single"),
        "random16-ensemble": VerifierSpec(("dual_encoder", "appeal"), "rank"),
        "random16-chance": VerifierSpec(("chance",), "single"),
    }
    models = {submission.model for submission in suite.submissions}
    assert len(models) == 1 and (models.pop().guidance, suite.curve, suite.default_limit) == (2.5, True, 84)
    assert {s.search.knobs.get("candidates") for s in suite.submissions} == {None, 16}


def test_changed_prompts_are_refused_when_they_are_read(tmp_path: Path) -> None:
    suite = find_suite(write(tmp_path, prompts=PROMPTS.replace(b"cats", b"dogs")))
    with pytest.raises(BadInput, match="tiny.jsonl: sha256 = .*: the card pins"):
        suite.prompts()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "tiny"', 'name = "Tiny"', "name"),
        ('title = "A tiny suite"', "", "title"),
        ("limit = 3", "limit = 0", "prompts.limit"),
        ("limit = 3", "limit = 3\nlimt = 3", "prompts.limt"),
        ('"tiny.jsonl"', '"../tiny.jsonl"', "prompts.file"),
        ('"tiny.jsonl"', '"/etc/tiny.jsonl"', "prompts.file"),
        ('"tiny.jsonl"', '"tiny.json"', "prompts.file"),
        ('"tiny.jsonl"', '"sub/tiny.jsonl"', "prompts.file"),
        ('"tiny.jsonl"', '"tiny%2e.jsonl"', "prompts.file"),
        ('"tiny.jsonl"', "1", "prompts.file"),
        ('sha256 = "', 'sha256 = "A', "prompts.sha256"),
        ("seed = 7", "seed = -1", "protocol.seed"),
        ("seed = 7", 'seed = 7\nprompts = "more"', "protocol.prompts"),
        ("seed = 7", "seed = 7\ncurve = 1", "protocol.curve"),
        ('model = "shapes"\n[[', 'model = "shaps"\n[[', "protocol.model"),
        ('scorer = "checker"', 'scorer = "chekcer"', r"metrics\[0\].scorer"),
        ("percent = true", 'percent = "yes"', r"metrics\[0\].percent"),
        ("main = true", "", "metrics"),
        ('title = "appeal"', 'title = "appeal"\nmain = true', "metrics"),
        ('name = "appeal"', 'name = "accuracy"', "metrics"),
        ('output = "score"', 'output = "a b"', r"metrics\[1\].output"),
        ('output = "score"', "", r"metrics\[1\].output"),
        ('search = { name = "none" }', 'search = { name = "nine" }', r"submissions\[0\].search.name"),
        ('search = { name = "none" }', 'search = { name = "none", n = 2 }', r"submissions\[0\].search.n"),
        ('name = "none"\nmodel', 'name = "x"\nsteps = 3\nmodel', r"submissions\[0\].steps"),
        ("[[published]]", '[[submissions]]\nname = "none"\nmodel = {name = "shapes"}\n'
         'search = {name = "none"}\n[[published]]', "submissions"),
        ('source = "somebody, table 2"', "", r"published\[0\].source"),
        ('["random", "zero_order:rounds=4"]', "[]", "grid.searches"),
        ('["random", "zero_order:rounds=4"]', '"random"', "grid.searches"),
        ('["random", "zero_order:rounds=4"]', '["random", "random"]', "grid.searches"),
        ('["random", "zero_order:rounds=4"]', '["random", 1]', r"grid.searches\[1\]"),
        ('verifiers = ["checker", "dual_encoder+appeal"]', "", "grid.verifiers"),
        ("budgets = [64, 128]", "budgets = [64, 0]", r"grid.budgets\[1\]"),
        ("budgets = [64, 128]", "budgets = [64, 1.5]", r"grid.budgets\[1\]"),
        ("budgets = [64, 128]", "budgets = 64", "grid.budgets"),
        ("limit = 2", "limit = 0", "grid.limit"),
        ("limit = 2", "limits = 2", "grid.limits"),
        ("[protocol]", "[protocols]", "protocol"),
        ("[[metrics]]", "[[metric]]", "metric"),
    ],
)  # fmt: skip
def test_a_wrong_card_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in CARD
    with pytest.raises(BadInput, match=rf"tiny.toml: {key} (= .+|is missing): .+"):
        find_suite(write(tmp_path, CARD.replace(old, new)))


def test_prompts_that_are_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(PROMPTS)
    path = write(tmp_path)
    (tmp_path / "tiny.jsonl").unlink()
    (tmp_path / "tiny.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="symbolic link"):
        find_suite(path)


@pytest.mark.parametrize("name", ["shaped", "nothing-like-it", "Shapes", "../shapes", "shapes.card", "os:system", ""])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=r"^command line: suite = "):
        find_suite(name)


def test_adding_a_suite_is_dropping_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "CARDS", tmp_path)
    write(tmp_path)
    assert suite_names() == ["tiny"]
    assert find_suite("tiny").title == "A tiny suite"
    write(tmp_path, name="other.toml")
    with pytest.raises(BadInput, match=r"other.toml: name = 'tiny': the suite is found as 'other'; call it so"):
        find_suite("other")


def card_of_a_package() -> Path:
    return Path(str(card_of_a_package.folder)) / "tiny.toml"  # type: ignore[attr-defined]


def test_a_package_adds_a_suite_by_a_function_that_returns_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.setattr(card_of_a_package, "folder", tmp_path, raising=False)
    monkeypatch.setitem(SUITES.targets, "tiny", f"{__name__}:card_of_a_package")
    monkeypatch.setitem(SUITES.targets, "shapes", f"{__name__}:card_of_a_package")  # built-in names win
    assert suite_names() == [*sorted(path.stem for path in CARDS.glob("*.toml")), "tiny"]
    assert find_suite("tiny").source.path == tmp_path / "tiny.jsonl"
    assert find_suite("shapes").model == "shapes"


def test_the_same_card_read_twice_is_one_value(tmp_path: Path) -> None:
    assert read_suite(Path(write(tmp_path))) == find_suite(write(tmp_path))
