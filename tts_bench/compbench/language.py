"""What reads the prompts: words with their parts of speech and noun chunks, by a pipeline of spaCy.

The official code uses en_core_web_sm; another pipeline, or another version of it, parses some prompts in another way,
so that the card names it by content.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from tts_bench.compbench.pipeline_folder import KINDS, UNUSED, check, opened
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.origin import digest, held
from tts_bench.plaintext import shown
from tts_bench.types import Json

WHOSE, DEFAULT = "language", "en_core_web_sm"
CACHED = 8192  # texts; the suite has 2,400
GET = (
    f"`pip install tts-bench[compbench]`, then `python -m spacy download {DEFAULT}`, or give --weights language=FOLDER"
)


@dataclass(frozen=True)
class Word:
    """A token of the text, as it stands there; `pos` is its coarse part of speech (Universal POS: NOUN, ADJ ...)."""

    text: str
    pos: str


Parsed: TypeAlias = tuple[tuple[Word, ...], tuple[str, ...]]  # a text's words and its noun chunks


class Language(Protocol):
    """Reads a text. `card` is its identity."""

    @property
    def card(self) -> Mapping[str, Json]: ...

    def words(self, text: str) -> list[Word]:
        """All tokens of the text, in order, punctuation too."""
        ...

    def noun_chunks(self, text: str) -> list[str]:
        """The text's base noun phrases ("a red apple"), in order, none inside another."""
        ...


@dataclass
class Pipeline:
    """A pipeline of spaCy in `folder`, opened at the first text; `pin` is the "sha256:..." that it must have."""

    folder: Path
    pin: str | None = None

    @property
    def card(self) -> Mapping[str, Json]:
        """Name and version as the folder's meta.json has them, sha256 of its files, spaCy's version.

        Raises:
            BadInput: The folder has another digest than `pin`.
        """
        return self._card

    def words(self, text: str) -> list[Word]:
        return list(self._read(text)[0])

    def noun_chunks(self, text: str) -> list[str]:
        return list(self._read(text)[1])

    @cached_property
    def _read(self) -> Callable[[str], Parsed]:
        return lru_cache(maxsize=CACHED)(self._parse)

    @cached_property
    def _card(self) -> Mapping[str, Json]:
        meta = _meta(self.folder)
        name = f"{meta.get('lang')}_{meta.get('name')}"
        found = held(digest(self.folder, KINDS), self.pin, self.folder, WHOSE)
        parsed = {"spacy": version("spacy"), "without": list(UNUSED)}
        return {"language": name, "version": str(meta.get("version")), "weights": found, **parsed}

    @cached_property
    def _nlp(self) -> Any:
        _ = self.card  # which holds the folder to its pin before anything in it is opened
        return opened(self.folder)

    def _parse(self, text: str) -> Parsed:
        parsed = self._nlp(text)
        return tuple(Word(token.text, token.pos_) for token in parsed), tuple(
            chunk.text for chunk in parsed.noun_chunks
        )


def find_language(weights: Path | None = None, revision: str | None = None) -> Pipeline:
    """A pipeline in the folder `weights`, or in the installed package of that name, or the default; no file of it runs.

    Raises:
        NeedsFiles: spaCy, or the default pipeline, is not here.
        BadInput: `weights` is no pipeline, holds code, asks for code of other packages, or is not what `revision` pins.
    """
    if importlib.util.find_spec("spacy") is None:
        raise NeedsFiles(f"{WHOSE}: spaCy, which reads the prompts, is not installed; {GET}")
    if weights is not None and os.path.isdir(weights):
        folder = _data(weights) or weights
    elif found := _package(DEFAULT if weights is None else str(weights)):
        folder = found
    elif weights is None:
        raise NeedsFiles(f"{WHOSE}: the pipeline {DEFAULT}, which reads the prompts, is not here; {GET}")
    else:
        raise BadInput.at(WHOSE, "weights", shown(weights), f"no such folder, and no installed pipeline; {GET}")
    check(folder)
    pipeline = Pipeline(folder, revision)
    if revision is not None:
        _ = pipeline.card
    return pipeline


def _package(name: str) -> Path | None:
    """The data of an installed pipeline, found without importing it."""
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return _data(Path(places[0])) if places else None


def _data(package: Path) -> Path | None:
    """The folder en_core_web_sm-3.8.0 in a pipeline's package; None where this is none."""
    if (package / "config.cfg").is_file() or not (package / "meta.json").is_file():
        return None
    meta = _meta(package)
    named = f"{meta.get('lang')}_{meta.get('name')}-{meta.get('version')}"
    inner = [path for path in package.iterdir() if path.name == named and path.is_dir()]
    return inner[0] if inner else None


def _meta(folder: Path) -> Mapping[str, Any]:
    try:
        read = json.loads((folder / "meta.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        fix = "cannot be read as JSON; give the folder of a pipeline of spaCy as it was published"
        raise BadInput.at(folder, "file", "meta.json", fix) from error
    if not isinstance(read, dict):
        raise BadInput.at(folder, "file", "meta.json", "is no JSON object; fetch the pipeline again")
    return read
