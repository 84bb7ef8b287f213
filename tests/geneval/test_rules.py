"""GenEval's rules against verdicts worked by hand, and against a second form of them in whole numbers."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geneval import cases
from tests.geneval.cases import CASES, RELATIVE, Case, box, cat, dog, prompt, seen, want
from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.errors import BadInput
from tts_bench.geneval import position, verdict
from tts_bench.geneval.clauses import COLORS, RELATIONS
from tts_bench.geneval.rules import ODDITIES, GenEval
from tts_bench.prompt_tables import Columns, parse_prompts
from tts_bench.types import Prompt, Rules

BOTH: tuple[Rules, ...] = ("official", "fixed")
SWAPPED = {"left of": "right of", "right of": "left of"}


def expected(case: Case, rules: Rules) -> tuple[str, ...]:
    return case.fixed if rules == "fixed" and case.fixed is not None else case.reasons


def reasons(case: Case, rules: Rules) -> tuple[str, ...] | None:
    found = GenEval(rules).verdict(prompt(case.tag, case.include, case.exclude), seen(*case.items))
    return found.reasons if found else None


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_verdict_is_the_one_worked_by_hand(case: Case, rules: Rules) -> None:
    wanted = expected(case, rules)
    asked, things = prompt(case.tag, case.include, case.exclude), seen(*case.items)
    assert GenEval(rules).verdict(asked, things) == verdict.Verdict(not wanted, wanted)
    assert GenEval(rules).value(asked, things) == (0.0 if wanted else 1.0)


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize("row", RELATIVE)
def test_the_relation_is_the_one_worked_by_hand(row: Any, rules: Rules) -> None:
    assert relation_is_right(row, rules)


def test_there_are_cases_enough_and_one_for_every_oddity() -> None:
    assert len(CASES) + len(RELATIVE) >= 120 and len({case.name for case in CASES}) == len(CASES)
    differ = {case.name for case in CASES if case.fixed is not None and case.fixed != case.reasons}
    shown = {
        "most_confident": "a surer one is blue", "sixteen": "seventeen of seventeen",
        "unrevised_length": "close together", "ties": "equals, the last is red", "no_target": "no target",
    }  # fmt: skip
    assert set(shown) == set(ODDITIES) and set(shown.values()) - {"equals, the last is red"} <= differ


def relation_is_right(row: Any, rules: Rules) -> bool:
    a, b, offset, official, fixed = row
    found = "|".join(position.relations(box(*offset, *a), box(0, 0, *b), rules))
    return found == (fixed if rules == "fixed" and fixed is not None else official)


def all_right() -> bool:
    places = all(relation_is_right(row, rules) for row in RELATIVE for rules in BOTH)
    return places and all(reasons(case, rules) == expected(case, rules) for case in CASES for rules in BOTH)


SPOILT: dict[str, tuple[Any, str, Any]] = {
    "a margin of a fifth": (position, "MARGIN", 0.2),
    "an axis from 0.45": (position, "LEAST", 0.45),
    "no least offset": (position, "NONE", 1e-5),
    "seventeen are kept": (verdict, "MOST", 17),
    "the least sure first": (verdict, "surest", lambda *given: {k: v[::-1] for k, v in SUREST(*given).items()}),
    "a threshold that lets its equal in": (verdict, "surest", lambda s, least, r: SUREST(s, least - 1e-6, r)),
    "what is judged is never cut": (verdict, "looked_at", lambda clause, rules: None),
    "labels as they are": (verdict, "kind_of", str),
}  # fmt: skip
SUREST = verdict.surest


@pytest.mark.parametrize("spoilt", SPOILT)
def test_rules_that_are_spoilt_are_caught(spoilt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tts_bench.geneval import rules

    place, name, instead = SPOILT[spoilt]
    assert all_right()
    for module in (place, rules):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, instead)
    assert not all_right()


def second(asked: Prompt, things: Detections) -> bool:
    """The official verdict again: whole numbers, squares for lengths, sets of what holds; scores that all differ."""
    least = 90 if asked.category == "counting" else 30
    sure = [
        item for item in sorted(things.items, key=lambda item: -item.score) if round(item.score * 1000) > 10 * least
    ]
    by_kind = {kind: [item for item in sure if item.label == kind][:16] for kind in {item.label for item in sure}}

    def axis(low: float, high: float, other_low: float, other_high: float) -> tuple[int, int]:
        twice = int(low + high - other_low - other_high)  # twice the offset
        left = 10 * abs(twice) - 2 * int(high - low + other_high - other_low)  # 20 x what the margin leaves of it
        return twice, max(left, 0)

    def holds(relation: str, a: Box, b: Box) -> bool:
        (x, along_x), (y, along_y) = axis(a[0], a[2], b[0], b[2]), axis(a[1], a[3], b[1], b[3])
        value, along = (x, along_x) if relation in SWAPPED else (y, along_y)
        # 2 (left / 20) > length / 2 for length^2 = x^2 + y^2 of twice the offset.
        return (value < 0) == (relation in ("left of", "above")) and along**2 > 25 * (x * x + y * y)

    groups: list[list[Detection]] = []
    right = True
    for clause in asked.metadata["include"]:  # type: ignore[union-attr]
        some = by_kind.get(clause["class"], [])[: clause["count"]]
        fine = len(some) == clause["count"] and all(item.color == clause.get("color", item.color) for item in some)
        if fine and "position" in clause:
            relation, target = clause["position"]
            fine = bool(groups[target]) and all(holds(relation, a.box, b.box) for a in some for b in groups[target])
        groups.append(some if fine else [])
        right &= fine
    banned = asked.metadata.get("exclude", [])
    return right and all(len(by_kind.get(one["class"], [])) < one["count"] for one in banned)  # type: ignore[union-attr]


def random_image(rng: np.random.Generator) -> Detections:
    count = int(rng.choice([2, 4, 8, 40]))
    scores = (
        rng.permutation(np.arange(250, 1000))[:count] / 1000 if rng.random() < 0.7 else 0.9 + 0.002 * np.arange(count)
    )
    corner, size = 10 * rng.integers(0, 20, (count, 2)), 20 * rng.integers(1, 6, (count, 2))
    made = zip(rng.choice(["cat", "dog"], count), scores, np.hstack([corner, corner + size]), strict=True)
    some = [Detection(str(kind), float(s), Box(*map(float, at)), str(rng.choice(COLORS[:2]))) for kind, s, at in made]
    return Detections(tuple(some), 300, 300)


def random_prompt(rng: np.random.Generator) -> Prompt:
    tag = str(rng.choice(["counting", "colors", "position"]))
    first, second_count = (int(rng.integers(1, 3)) for _ in range(2))
    include = [want("cat", first), want("dog", second_count)]
    if tag == "colors":
        include = [{**clause, "color": str(rng.choice(COLORS[:2]))} for clause in include]
    if tag == "position":
        include[1]["position"] = [str(rng.choice(RELATIONS)), 0]
    return prompt(tag, include, [want("cat", int(rng.integers(2, 18)))])


def test_a_second_form_of_the_rules_agrees_on_random_images() -> None:
    rng, counts = np.random.default_rng(6), Counter()
    for _ in range(3000):
        asked, things = random_prompt(rng), random_image(rng)
        right = second(asked, things)
        assert GenEval().value(asked, things) == float(right), (asked, things)
        counts[asked.category, right] += 1
    assert len(counts) == 6 and min(counts.values()) > 30


images = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed))


@settings(max_examples=100, deadline=None)
@given(images, st.sampled_from(BOTH))
def test_a_mirror_swaps_left_and_right(rng: np.random.Generator, rules: Rules) -> None:
    asked, things = random_prompt(rng), random_image(rng)
    mirrored = [replace(i, box=Box(300 - i.box.right, i.box.top, 300 - i.box.left, i.box.bottom)) for i in things.items]
    turned = json.loads(json.dumps(asked.metadata))
    for clause in turned["include"]:
        if "position" in clause:
            clause["position"][0] = SWAPPED.get(clause["position"][0], clause["position"][0])
    other = replace(asked, metadata=turned)
    assert GenEval(rules).value(asked, things) == GenEval(rules).value(other, replace(things, items=tuple(mirrored)))


@settings(max_examples=100, deadline=None)
@given(images, st.sampled_from(BOTH))
def test_the_detectors_order_changes_nothing_where_scores_differ(rng: np.random.Generator, rules: Rules) -> None:
    asked, things = random_prompt(rng), random_image(rng)
    mixed = replace(things, items=tuple(things.items[i] for i in rng.permutation(len(things.items))))
    assert GenEval(rules).verdict(asked, things) == GenEval(rules).verdict(asked, mixed)
    places, others = GenEval(rules).asked(asked, things), GenEval(rules).asked(asked, mixed)
    assert sorted(things.items[i].score for i in places) == sorted(mixed.items[i].score for i in others)


@settings(max_examples=100, deadline=None)
@given(images, st.sampled_from(BOTH))
def test_a_clause_said_twice_is_said_once(rng: np.random.Generator, rules: Rules) -> None:
    asked, things = random_prompt(rng), random_image(rng)
    include = list(asked.metadata["include"])  # type: ignore[arg-type]
    twice = replace(asked, metadata={**asked.metadata, "include": [*include, *include]})
    assert GenEval(rules).value(asked, things) == GenEval(rules).value(twice, things)


# -- colours, rows and prompts ------------------------------------------------------------------------------------

PAIR = prompt("color_attr", [want("cat", color="red"), want("dog", 2, color="blue")])


@pytest.mark.parametrize(
    ("items", "official", "fixed"),
    [
        ([cat(0.5), cat(0.9), dog(0.4), dog(0.8), dog(0.6)], (1, 3, 4), (0, 1, 2, 3, 4)),
        ([cat(0.2), dog(0.8), dog(0.6)], (1, 2), (1, 2)),  # no cat is sure
        ([cat(0.5), dog(0.8)], (0,), (0,)),  # a dog too few: no look at its colour
        ([], (), ()),
    ],
)
def test_a_colour_is_asked_for_where_the_verdict_needs_one(items: Any, official: Any, fixed: Any) -> None:
    assert GenEval().asked(PAIR, seen(*items)) == official
    assert GenEval("fixed").asked(PAIR, seen(*items)) == fixed
    for rules in BOTH:
        things = seen(*items)
        places = GenEval(rules).asked(PAIR, things)
        named = [replace(item, color="red") if i in places else item for i, item in enumerate(things.items)]
        assert GenEval(rules).value(PAIR, seen(*named)) == 0.0


def test_an_object_whose_colour_nobody_named_is_refused() -> None:
    with pytest.raises(BadInput, match="color = None: the cat at .* needs one of red") as error:
        GenEval().value(PAIR, seen(cat(0.5)))
    assert "\n" not in str(error.value)
    assert GenEval().asked(prompt("two_object", cases.BOTH), seen(cat(0.5))) == ()


def test_a_row_is_in_the_shape_of_the_official_results() -> None:
    asked = replace(prompt("counting", [want("cat", 2)], [want("cat", 3)]), text="a photo of two cats")
    row = GenEval().details(asked, seen(cat(0.95), dog(0.91), cat(0.5), cat(0.97), cat(0.99)))
    assert row is not None and list(row) == ["tag", "prompt", "correct", "reason", "metadata", "details"]
    assert (row["tag"], row["prompt"], row["correct"]) == ("counting", "a photo of two cats", False)
    assert row["reason"] == "expected cat<3, found 3"
    assert json.loads(str(row["metadata"])) == {
        "tag": "counting", "include": [{"class": "cat", "count": 2}], "exclude": [{"class": "cat", "count": 3}],
        "prompt": "a photo of two cats",
    }  # fmt: skip
    at = [90.0, 90.0, 110.0, 110.0]
    assert json.loads(str(row["details"])) == {"cat": [[*at, 0.99], [*at, 0.97], [*at, 0.95]], "dog": [[*at, 0.91]]}


@pytest.mark.parametrize("metadata", [{}, {"note": "x"}, {"include": []}, {"include": [], "exclude": []}])
def test_a_prompt_of_no_clauses_has_no_number(metadata: Any) -> None:
    asked, rule = Prompt("p", "a photo", metadata=metadata), GenEval()
    assert rule.wanted(asked) is rule.value(asked, seen()) is rule.details(asked, seen()) is None
    assert rule.asked(asked, seen()) == ()


@pytest.mark.parametrize(
    ("clauses", "place"),
    [
        ("cat", "metadata.include"),
        (["cat"], r"metadata.include\[0\]"),
        ([{"count": 1}], "class"), ([{"class": "", "count": 1}], "class"), ([{"class": 3, "count": 1}], "class"),
        ([{"class": "cat"}], "count"), ([want("cat", 0)], "count"), ([want("cat", -1)], "count"),
        ([{"class": "cat", "count": 1.5}], "count"), ([{"class": "cat", "count": True}], "count"),
        ([want("cat", colour="red")], "colour = 'red': unknown key; did you mean 'color'"),
        ([want("cat", color="grey")], "color"), ([want("cat", color=["red"])], "color"),
        ([want("cat", position=["left of", 0])], "position"),  # of itself
        ([want("dog"), want("cat", position=["left of", 1])], r"position\[1\]"),
        ([want("dog"), want("cat", position=["left of", -1])], r"position\[1\]"),
        ([want("dog"), want("cat", position=["left", 0])], r"position\[0\]"),
        ([want("dog"), want("cat", position="left of")], "position"),
        ([want("dog"), want("cat", position=["left of", 0, 1])], "position"),
    ],
)  # fmt: skip
def test_a_clause_that_nothing_could_meet_is_refused_in_one_line(clauses: Any, place: str) -> None:
    with pytest.raises(BadInput, match=f"prompt p: .*{place}") as error:
        GenEval().wanted(Prompt("p", "a photo", metadata={"include": clauses}))
    assert "\n" not in str(error.value)


def test_an_excluded_colour_is_refused_as_no_rule_looks_at_it() -> None:
    with pytest.raises(BadInput, match="exclude.*color"):
        GenEval().wanted(prompt("x", [want("cat")], [want("dog", color="red")]))


def test_the_rules_are_part_of_the_card() -> None:
    assert GenEval().card != GenEval("fixed").card and GenEval().card["rules"] == "official"
    assert json.dumps(GenEval().card) and GenEval.needs_colors and not GenEval.needs_depth


def published() -> tuple[Prompt, ...]:
    folder = os.environ.get("TTS_BENCH_TEST_DATA")
    if not folder:
        pytest.skip("TTS_BENCH_TEST_DATA names no folder with the suites' prompts")
    raw = (Path(folder) / "geneval" / "evaluation_metadata.jsonl").read_bytes()
    return parse_prompts(raw, "evaluation_metadata.jsonl", Columns(text="prompt", category="tag"))


def test_all_553_prompts_are_read() -> None:
    prompts = published()
    assert Counter(asked.category for asked in prompts) == {
        "single_object": 80, "two_object": 99, "counting": 80, "colors": 94, "position": 100, "color_attr": 100,
    }  # fmt: skip
    for asked in prompts:
        kinds = GenEval().wanted(asked)
        assert kinds and all(kind in asked.text or asked.category == "counting" for kind in kinds)
        assert GenEval().value(asked, seen()) == 0.0


PERFECT: dict[str, Callable[[int], tuple[float, float]]] = {
    "left of": lambda i: (20 if i else 100, 100), "right of": lambda i: (180 if i else 100, 100),
    "above": lambda i: (100, 20 if i else 100), "below": lambda i: (100, 180 if i else 100),
}  # fmt: skip


@pytest.mark.parametrize("rules", BOTH)
def test_what_each_of_the_553_asks_for_is_right_and_one_less_is_wrong(rules: Rules) -> None:
    for asked in published():
        items = []
        clauses: Any = asked.metadata["include"]
        relation = next((clause["position"][0] for clause in clauses if "position" in clause), "left of")
        for i, clause in enumerate(clauses):
            items += [cases.thing(clause["class"], 0.95, clause.get("color"), PERFECT[relation](i))] * clause["count"]
        assert GenEval(rules).value(asked, seen(*items)) == 1.0, asked
        assert GenEval(rules).value(asked, seen(*items[1:])) == 0.0, asked
