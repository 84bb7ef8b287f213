"""T2I-CompBench's rules in the embedded world, where eyes are exact: attributes, places, numbers, and three in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from tts_bench.compbench.numeracy import Numeracy
from tts_bench.compbench.phrases import product
from tts_bench.compbench.spatial import Spatial2D
from tts_bench.compbench.three_in_one import Kind
from tts_bench.detections.protocol import Detector, Rule
from tts_bench.detections.types import Detections
from tts_bench.scorers.detected import Detected
from tts_bench.scorers.made_of import made_of
from tts_bench.scorers.three_in_one import ThreeInOne
from tts_bench.shapes.observe import LIMITS, Observed, observe, readable
from tts_bench.shapes.prompts import scene_of
from tts_bench.shapes.scenes import Thing
from tts_bench.shapes.speech import Grammar, of_numbers, of_places
from tts_bench.types import Image, Json, Key, Prompt, Rules, Values

ATTRIBUTES = ("colour", "shape", "size", "texture")


@dataclass(frozen=True)
class Spoken:
    """A rule of T2I-CompBench's, asked in its own words."""

    rule: Rule
    say: Callable[[Prompt], Prompt]

    @property
    def card(self) -> Mapping[str, Json]:
        return dict(self.rule.card)

    def wanted(self, prompt: Prompt) -> tuple[str, ...] | None:
        return self.rule.wanted(self.say(prompt))

    def value(self, prompt: Prompt, seen: Detections) -> float | None:
        return self.rule.value(self.say(prompt), seen)


@dataclass(frozen=True)
class Attributes:
    """In the place of BLIP-VQA: how much of each phrase the object has that fits it best, and their product."""

    rules: Rules = "official"
    outputs: tuple[str, ...] = ("score",)

    @property
    def card(self) -> Mapping[str, Json]:
        return {"scorer": "shapes_attributes", "version": 1, "rules": self.rules, "limits": asdict(LIMITS)}

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        return [self._one(image, prompt) for image, prompt in zip(images, prompts, strict=True)]

    def _one(self, image: Image, prompt: Prompt) -> Values:
        if not readable(image):
            return {"score": None}
        seen = observe(image)
        shares = [max((_share(thing, item) for item in seen), default=0.0) for thing in scene_of(prompt).things]
        return {"score": product(shares, self.rules)}


def _share(thing: Thing, item: Observed) -> float:
    """Of the attributes that the phrase names, those that the object has, in [0, 1]."""
    named = [name for name in ATTRIBUTES if getattr(thing, name)]
    return sum(getattr(item, name) == getattr(thing, name) for name in named) / len(named)


def kind_of(prompt: Prompt) -> Kind:
    """A complex prompt with a relation is one of places; one without is one of numbers, which take actions' place."""
    return "spatial" if scene_of(prompt).relation else "action"


@made_of("checker")
def load_attributes(rules: Rules) -> Attributes:
    """How many of the attributes asked for the objects have: the product over the prompt's phrases, exact."""
    return Attributes(rules)


@made_of("checker")
def load_spatial(rules: Rules, detector: Callable[[str], Detector]) -> Detected:
    """How two shapes lie to each other, by T2I-CompBench's 2D rule over exact eyes."""
    return Detected("shapes_spatial", Spoken(Spatial2D(Grammar(), rules), of_places), detector("shapes"))


@made_of("checker")
def load_numeracy(rules: Rules, detector: Callable[[str], Detector]) -> Detected:
    """Whether there are as many shapes as asked for, by T2I-CompBench's rule over exact eyes."""
    return Detected("shapes_numeracy", Spoken(Numeracy(Grammar(), rules), of_numbers), detector("shapes"))


@made_of("shapes_attributes", "shapes_spatial", "shapes_numeracy")
def load_complex(rules: Rules, detector: Callable[[str], Detector]) -> ThreeInOne:
    """A complex prompt by its attributes and its places, or its numbers: T2I-CompBench's 3-in-1."""
    return ThreeInOne(load_attributes(rules), load_spatial(rules, detector), load_numeracy(rules, detector), kind_of)
