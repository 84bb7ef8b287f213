"""A folder with a pipeline of spaCy, opened so that nothing in it can run as code.

What spaCy 3.8 does with a folder: it reads config.cfg, builds each component from functions that the config names and
that are registered in installed packages, and fills them from msgpack, JSON and npy files; none of those is a pickle
(numpy's loader is called with its default, which refuses them), and no file of code is imported. Two ways stay by which
a config reaches further, and both are closed here: a function of another package (one that asks the hub for a network,
or reads a shim of PyTorch, which is a pickle), and a component whose `source` is another pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput

KINDS = ("", ".json", ".cfg", ".bin")  # what a pipeline is read from
CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill")
FACTORIES = ("tok2vec", "tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer", "ner")
UNUSED = ("senter", "lemmatizer", "ner")  # say nothing about parts of speech or noun chunks of a text
CALLBACKS = ("before_creation", "after_creation", "after_pipeline_creation")
PUBLISHED = "give a pipeline as spaCy's authors publish it (en_core_web_sm)"


def check(folder: Path) -> None:
    """BadInput unless the folder holds a pipeline, and no file of code or of pickles."""
    for needed in ("config.cfg", "meta.json", "tokenizer"):
        if not (folder / needed).is_file():
            raise BadInput.at(folder, "file", needed, f"is missing; {PUBLISHED}")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in CODE:
            raise BadInput.at(folder, "file", name, "may hold code, which no pipeline needs; remove it")


def opened(folder: Path) -> Any:
    """The pipeline, a spacy.Language. BadInput for a config that asks for more than spaCy's own, or broken files."""
    from spacy.util import load_config, load_model_from_path

    try:
        config = load_config(folder / "config.cfg", interpolate=True)  # a reference may lead to another section
    except Exception as error:  # the config's reader may fail in any way
        raise _broken(folder, error) from error
    check_config(folder / "config.cfg", config)
    try:
        return load_model_from_path(folder, exclude=[name for name in UNUSED if name in config["components"]])
    except Exception as error:  # and so may each component's
        raise _broken(folder, error) from error


def check_config(file: Path, config: Mapping[str, Any]) -> None:
    """BadInput for a component, function or callback that is not one of spaCy's own for tagging and parsing."""
    nlp, components = config.get("nlp"), config.get("components")
    if not isinstance(nlp, Mapping) or not isinstance(components, Mapping):
        raise BadInput.at(file, "section", "nlp, components", f"is missing; {PUBLISHED}")
    if nlp.get("lang") != "en":
        raise BadInput.at(file, "nlp.lang", nlp.get("lang"), "must be 'en': the suite's prompts are English")
    for key in CALLBACKS:
        if nlp.get(key) is not None:
            raise BadInput.at(file, f"nlp.{key}", nlp[key], "calls a function as it is read; set it to null")
    for name, component in components.items():
        factory = component.get("factory") if isinstance(component, Mapping) else None
        if factory not in FACTORIES:
            fix = f"is none of {', '.join(FACTORIES)}; {PUBLISHED}"
            raise BadInput.at(file, f"components.{name}.factory", factory, fix)
    for key, function in (*_functions(nlp, "nlp"), *_functions(components, "components")):
        if not isinstance(function, str) or not function.startswith("spacy."):
            raise BadInput.at(file, key, function, f"is no function of spaCy itself; {PUBLISHED}")


def _functions(section: object, place: str) -> Iterator[tuple[str, object]]:
    """Each "@registry" entry of a section, at any depth, with the name of the function that it asks for."""
    if isinstance(section, Mapping):
        for key, value in section.items():
            if str(key).startswith("@"):
                yield f"{place}.{key}", value
            yield from _functions(value, f"{place}.{key}")
    elif isinstance(section, list | tuple):
        for index, value in enumerate(section):
            yield from _functions(value, f"{place}.{index}")


def _broken(folder: Path, error: Exception) -> BadInput:
    why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    return BadInput.at(folder, "pipeline", folder.name, f"cannot be opened ({why}); fetch it again")
