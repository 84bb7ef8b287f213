"""A language of few words, so that rules can be worked by hand: what is in no list is a NOUN, or a PROPN if capital."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tts_bench.compbench.language import Word
from tts_bench.types import Json

WORDS = {
    "DET": "a an the", "ADJ": "red green big small next white", "NUM": "one two three four five six seven eight nine",
    "ADP": "on to near of in behind by beside for", "CCONJ": "and", "VERB": "is was sat hidden fly", "ADV": "quickly",
}  # fmt: skip
POS = {word: pos for pos, words in WORDS.items() for word in words.split()}


class Speech:
    card: Mapping[str, Json] = {"language": "speech"}

    def words(self, text: str) -> list[Word]:
        return [Word(token, _pos(token)) for token in re.findall(r"\w+|[^\w\s]", text)]

    def noun_chunks(self, text: str) -> list[str]:
        """An article and adjectives, if any, before nouns."""
        tagged = " ".join(f"{word.text}/{word.pos}" for word in self.words(text))
        found = re.findall(r"(?:\S+/(?:DET|NUM) )?(?:\S+/ADJ )*(?:\S+/(?:NOUN|PROPN)(?: |$))+", tagged)
        return [re.sub(r"/[A-Z]+", "", chunk).strip() for chunk in found]


def _pos(token: str) -> str:
    if not token[0].isalnum():
        return "PUNCT"
    return POS.get(token.lower(), "PROPN" if token[0].isupper() else "NOUN")
