"""The singular of an English noun, by its spelling: enough for things that a picture can show."""

from __future__ import annotations

IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "mice": "mouse", "geese": "goose",
    "feet": "foot", "teeth": "tooth", "oxen": "ox", "cookies": "cookie", "movies": "movie", "buses": "bus",
    "lenses": "lens", "knives": "knife", "wives": "wife", "lives": "life", "leaves": "leaf", "loaves": "loaf",
    "wolves": "wolf", "shelves": "shelf", "bookshelves": "bookshelf", "calves": "calf", "scarves": "scarf",
    "halves": "half", "elves": "elf", "tomatoes": "tomato", "potatoes": "potato", "mangoes": "mango",
    "volcanoes": "volcano", "buffaloes": "buffalo",
}  # fmt: skip
HISSING = ("ches", "shes", "sses", "xes", "zzes")


def singular(plural: str) -> str:
    """ "cat" of "cats"; a word that does not look like a plural ("sheep", "glass") is its own."""
    if plural in IRREGULAR:
        return IRREGULAR[plural]
    if plural.endswith("ies") and len(plural) > 4:  # "pies" is of "pie"
        return plural[:-3] + "y"
    if plural.endswith(HISSING):
        return plural[:-2]
    return plural[:-1] if plural.endswith("s") and not plural.endswith(("ss", "us")) else plural
