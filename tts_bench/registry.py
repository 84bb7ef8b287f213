"""One registry for searches, models, scorers, metrics, features: a name to a `module:attribute`, imported when asked.

A third-party package adds to it by an entry point of the group "tts_bench.searches" (models, scorers, metrics,
features, suites). Files name plug-ins by these names alone, so no file can say which code runs.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import cached_property, reduce
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.keys import check_name
from tts_bench.plaintext import did_you_mean, shown


class Registry:
    """Names of one kind. Names built in win over entry points, so that no package can replace one silently."""

    def __init__(self, kind: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.builtin = dict(builtin)

    @property
    def group(self) -> str:
        return f"tts_bench.{self.kind}es" if self.kind.endswith("h") else f"tts_bench.{self.kind}s"

    @cached_property
    def targets(self) -> dict[str, str]:
        """Every name that can be used and where it lives, built-in ones first."""
        return self._found[0]

    @property
    def ignored(self) -> dict[str, str]:
        """Entry points that cannot be used, "name (module:attribute)", and why."""
        return self._found[1]

    def names(self) -> list[str]:
        return list(self.targets)

    def require(self, name: Any, file: object = "command line", key: str = "") -> str:
        """`name` if it is known, else BadInput that says what it may have been meant to be."""
        key = key or self.kind
        check_name(name, file, key)
        if name not in self.targets:
            raise BadInput.at(file, key, name, f"no such {self.kind}; {did_you_mean(name, self.targets)}")
        return name

    def load(self, name: str) -> Callable[..., Any]:
        """Import and return what `name` stands for; BadInput if its package does not import."""
        target = self.targets[self.require(name)]
        module, _, attribute = target.partition(":")
        try:
            return reduce(getattr, attribute.split("."), import_module(module))
        except Exception as error:  # somebody else's module may fail in any way
            why = f"cannot be imported ({type(error).__name__}: {shown(error)}); mend or remove its package"
            raise BadInput.at(self.kind, name, target, why) from error

    def make(self, name: str, options: Mapping[str, Any]) -> Any:
        """Call what `name` stands for with those of `options` that it takes."""
        load = self.load(name)
        takes = inspect.signature(load).parameters
        return load(**{option: value for option, value in options.items() if option in takes})

    def takes(self, name: str, option: str) -> bool:
        return option in inspect.signature(self.load(name)).parameters

    def describe(self, name: str) -> str:
        """The first line of its docstring, read from its source without importing it; "" where there is none."""
        module, _, attribute = self.targets[self.require(name)].partition(":")
        try:
            tree = ast.parse(_source(module))
        except (SyntaxError, ValueError):
            return ""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        for node in [node for node in tree.body if isinstance(node, kinds) and node.name == attribute] + [tree]:
            if text := ast.get_docstring(node):
                return text.splitlines()[0]
        return ""

    @cached_property
    def _found(self) -> tuple[dict[str, str], dict[str, str]]:
        usable, ignored = dict(self.builtin), {}
        for point in sorted(entry_points(group=self.group), key=lambda point: (point.name, point.value)):
            target = f"{point.module}:{point.attr}"
            reason = _refusal(point.name, point.attr)
            if point.name in usable and usable[point.name] != target:
                reason = f"the name is taken by {usable[point.name]}"
            if reason:
                ignored[f"{point.name} ({target})"] = reason
            else:
                usable[point.name] = target
        return usable, ignored


def _refusal(name: str, attribute: str) -> str:
    try:
        check_name(name, "", "")
    except BadInput as error:
        return str(error).rpartition(": ")[-1]
    return "" if attribute else "names a module; name a function in it, module:function"


def _source(module: str) -> str:
    """The module's source, found along its packages' paths: `importlib.util.find_spec` would import its parents."""
    path, spec, done = None, None, ""
    for part in module.split("."):
        done = f"{done}.{part}" if done else part
        spec = _spec(done, path)
        if spec is None:
            return ""
        path = spec.submodule_search_locations
    try:
        return spec.loader.get_source(done) or ""  # type: ignore[union-attr]
    except (AttributeError, ImportError, OSError):
        return ""


def _spec(module: str, path: Any) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if (find := getattr(finder, "find_spec", None)) and (spec := find(module, path)):
            return spec
    return None


SEARCHES = Registry("search", {
    "none": "tts_bench.search.none:none",
    "random": "tts_bench.search.random:random",
    "zero_order": "tts_bench.search.zero_order:zero_order",
    "paths": "tts_bench.search.paths:paths",
    "fk_steering": "tts_bench.search.fk_steering:fk_steering",
    "svdd": "tts_bench.search.svdd:svdd",
    "beam": "tts_bench.search.beam:beam",
    "mcts": "tts_bench.search.mcts:mcts",
    "evolution": "tts_bench.search.evolution:evolution",
    "epsilon_greedy": "tts_bench.search.epsilon_greedy:epsilon_greedy",
    "rollover": "tts_bench.search.rollover:rollover",
    "first_order": "tts_bench.search.first_order:first_order",
    "racing": "tts_bench.search.racing:racing",
    "adaptive": "tts_bench.search.adaptive:adaptive",
})  # fmt: skip
MODELS = Registry("model", {
    "shapes": "tts_bench.models.shapes:load",
    "digits": "tts_bench.models.digits:load",
    "sit": "tts_bench.models.sit:load",
    "dit": "tts_bench.models.dit:load",
    "flux": "tts_bench.models.flux:load",
    "sd3": "tts_bench.models.sd3:load",
    "sdxl": "tts_bench.models.sdxl:load",
    "pixart_sigma": "tts_bench.models.pixart:load",
    "sana": "tts_bench.models.sana:load",
    "diffusers": "tts_bench.models.diffusers_folder:load",
    "pipeline": "tts_bench.models.plain_pipeline_folder:load",
})  # fmt: skip
SCORERS = Registry("scorer", {
    "checker": "tts_bench.scorers.checker:load",
    "dual_encoder": "tts_bench.scorers.dual_encoder:load",
    "appeal": "tts_bench.scorers.appeal:load",
    "auditor": "tts_bench.scorers.auditor:load",
    "self_supervised": "tts_bench.scorers.self_supervised:load",
    "frechet": "tts_bench.scorers.frechet:load",
    "chance": "tts_bench.scorers.chance:load",
    "digits_oracle_is": "tts_bench.scorers.digits_oracle_is:load",
    "digits_oracle_fid": "tts_bench.scorers.digits_oracle_fid:load",
    "digits_reader": "tts_bench.scorers.digits_reader:load",
    "digits_self_supervised": "tts_bench.scorers.digits_self_supervised:load",
    "oracle_is": "tts_bench.scorers.oracle_is:load",
    "oracle_fid": "tts_bench.scorers.oracle_fid:load",
    "clip_zero_shot": "tts_bench.scorers.clip_zero_shot:load",
    "dino_linear_head": "tts_bench.scorers.dino_linear_head:load",
    "clip_self_supervised": "tts_bench.scorers.clip_self_supervised:load",
    "dino_self_supervised": "tts_bench.scorers.dino_self_supervised:load",
    "siglip_self_supervised": "tts_bench.scorers.siglip_self_supervised:load",
    "clip_score": "tts_bench.scorers.clip_score:load",
    "aesthetic": "tts_bench.scorers.aesthetic:load",
    "pick_score": "tts_bench.scorers.pick_score:load",
    "hps": "tts_bench.scorers.hps:load",
    "image_reward": "tts_bench.scorers.image_reward:load",
    "vqa_score": "tts_bench.scorers.vqa_score:load",
    "llm_grader": "tts_bench.scorers.llm_grader:load",
    "blip_vqa": "tts_bench.scorers.blip_vqa:load",
    "clip_similarity": "tts_bench.scorers.clip_similarity:load",
    "spatial_2d": "tts_bench.scorers.spatial_2d:load",
    "spatial_3d": "tts_bench.scorers.spatial_3d:load",
    "numeracy": "tts_bench.scorers.numeracy:load",
    "three_in_one": "tts_bench.scorers.three_in_one:load",
    "geneval": "tts_bench.scorers.geneval:load",
    "shapes_attributes": "tts_bench.scorers.shapes_compbench:load_attributes",
    "shapes_spatial": "tts_bench.scorers.shapes_compbench:load_spatial",
    "shapes_numeracy": "tts_bench.scorers.shapes_compbench:load_numeracy",
    "shapes_complex": "tts_bench.scorers.shapes_compbench:load_complex",
    "t2v_vqascore": "tts_bench.scorers.t2v_metrics:load_vqascore",
    "t2v_clipscore": "tts_bench.scorers.t2v_metrics:load_clipscore",
    "t2v_itmscore": "tts_bench.scorers.t2v_metrics:load_itmscore",
    "t2v_pickscore": "tts_bench.scorers.t2v_metrics:load_pickscore",
    "t2v_image_reward": "tts_bench.scorers.t2v_metrics:load_image_reward",
    "image_reward_reference": "tts_bench.scorers.image_reward_reference:load",
})  # fmt: skip
METRICS = Registry("metric", {
    "frechet_distance": "tts_bench.metrics.frechet:load",
    "kernel_distance": "tts_bench.metrics.kid:load",
    "kernel_distance_unsplit": "tts_bench.metrics.kid:load_unsplit",
    "precision": "tts_bench.metrics.precision_recall:load_precision",
    "recall": "tts_bench.metrics.precision_recall:load_recall",
    "inception_score": "tts_bench.metrics.inception_score:load",
    "inception_score_unsplit": "tts_bench.metrics.inception_score:load_unsplit",
})  # fmt: skip
FEATURES = Registry("feature", {
    "clean": "tts_bench.features.clean:load",
    "fidelity": "tts_bench.features.fidelity:load",
    "dinov2": "tts_bench.features.dinov2:load",
    "digits": "tts_bench.features.digits:load",
})  # fmt: skip
DETECTORS = Registry("detector", {
    "owlv2": "tts_bench.detections.owlv2:load",
    "detr": "tts_bench.detections.detr:load",
    "mask2former": "tts_bench.detections.mask2former:load",
    "recorded": "tts_bench.detections.recorded:load",
    "shapes": "tts_bench.detections.shapes:load",
})  # fmt: skip
# What scorers share besides: a language, how near things are, what colour they have.
PARTS = Registry("part", {
    "language": "tts_bench.compbench.language:find_language",
    "dpt": "tts_bench.detections.dpt:load",
    "colors": "tts_bench.geneval.colors:load",
})  # fmt: skip
# How prompts are read from files of several shapes: functions of the files' contents by name. One that reads the same
# files as other prompts has another name.
READERS = Registry("reader", {
    "t2i_compbench": "tts_bench.suites.compbench:read",
    "geneval": "tts_bench.suites.geneval:read",
})  # fmt: skip
SUITES = Registry("suite", {})  # functions that return a card's path; the project's own are the cards in benchmarks/
