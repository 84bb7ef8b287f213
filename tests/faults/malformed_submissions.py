"""193 malformed submission files, made by hand, each with the key its refusal must name."""

from __future__ import annotations

from collections.abc import Mapping

SECTIONS: dict[str, dict[str, str]] = {
    "": {"name": '"mine"'},
    "model": {"name": '"shapes"', "steps": "12", "guidance": "2.5"},
    "search": {"name": '"random"', "candidates": "16"},
    "verifier": {"scorers": '["dual_encoder", "appeal"]', "combine": '"rank"'},
    "budget": {"nfe": "192"},
}
LINE = r"line \d+"  # what a refusal names where the file is no TOML, so that there is no key
COMMIT = '"0123456789abcdef0123456789abcdef01234567"'


def written(sections: Mapping[str, Mapping[str, str]]) -> str:
    lines = []
    for section, values in sections.items():
        lines += [f"[{section}]"] if section else []
        lines += [f"{key} = {value}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


GOOD = written(SECTIONS)


def put(place: str, value: str | None, **more: str) -> str:
    """The good file with the raw value at `place` ("model.steps"), and those of `more` beside it; None removes it."""
    section, _, key = place.partition(".") if "." in place else ("", "", place)
    changed = {name: dict(values) for name, values in SECTIONS.items()}
    changed[section] |= {key: value or "", **more}
    if value is None:
        del changed[section][key]
    return written(changed)


def without(section: str) -> str:
    return written({name: values for name, values in SECTIONS.items() if name != section})


# Values of the wrong type or out of range, by place.
VALUES: dict[str, list[str]] = {
    "name": ["1", "true", "[]", "1979-05-27", '""', '" "', '"Mine"', '"my file"', '"../mine"', '"/mine"', '"mine."',
             '"con"', '"nul.txt"', '"-mine"', '"mine%2e"', '"%s"' % ("m" * 65), '"m\u0456ne"', '"\uff4dine"',
             '"mine\u0301"', '"\U0001f3b2"', '"mi\\u006ee\\u0000"', '"mi\\u202ene"', '"mi\\nne"', '"a|b"'],
    "model.name": ["1", '"shape"', '"sh\u0430pes"', '"os:system"', '["shapes"]'],
    "model.steps": ['"12"', "12.0", "true", "0", "-1", "10001", "[12]", "{ a = 12 }", "nan", "1e309", "12e0",
                    "9223372036854775808", "-99999999999999999999", "12:00:00"],
    "model.guidance": ['"2.5"', "false", "-0.1", "1e6", "[]", "nan", "+nan", "inf", "-inf", "1e309", "-1e400",
                       "1_000_000_000_000_000_000_000"],
    "search.name": ["0", '"rondom"', '"r\u0430ndom"', '"tts_bench.search.random:random"'],
    "search.candidates": ["0", "-1", "65537", "16.0", '"16"', "true", "[16]", "nan", "inf", "1e309",
                          "9223372036854775807", "9223372036854775808", "0x" + "f" * 40, "0x" + "f" * 5000],
    "verifier.combine": ['"mean"', "1", "true", '"single"', '"RANK"', '["sum", "rank"]'],
    "verifier.weights": ["1", "[]", "[1]", "[1, 2, 3]", "[0, -0.0]", '"2+1"', "{ a = 1 }"],
    "budget.nfe": ["0", "-5", "1.5", '"192"', "1000000001", "inf", "1e309", "true"],
    "budget.total": ["192", "0", "1.5", "nan", "10000000000000"],
}  # fmt: skip
SCORERS = {
    '"appeal"': "verifier.scorers", "[]": "verifier.scorers", "{ a = 1 }": "verifier.scorers",
    '["appeal", "appeal"]': "verifier.scorers", '["appeal", 1]': r"verifier.scorers\[1\]",
    '[["appeal"]]': r"verifier.scorers\[0\]", '["apeal"]': r"verifier.scorers\[0\]",
    '["\u0430ppeal"]': r"verifier.scorers\[0\]", "[nan]": r"verifier.scorers\[0\]",
    str(["appeal"] * 17).replace("'", '"'): "verifier.scorers",
}  # fmt: skip
WEIGHTS = ['[1, "2"]', "[1, true]", "[1, nan]", "[1, -inf]", "[1, 1e10]", "[1, [2]]"]  # the second is wrong
# Other keys of [model], which the good file leaves out.
MODEL: list[tuple[str, dict[str, str]]] = [
    ("model.weights", {"weights": "1"}), ("model.weights", {"weights": '""'}),
    ("model.weights", {"weights": '"https://example.org/w.bin"'}), ("model.weights", {"weights": '"file:///etc"'}),
    ("model.weights", {"weights": '"s3://bucket/w"'}), ("model.weights", {"weights": '"git@example.org:a/b"'}),
    ("model.weights", {"weights": '"owner/name"'}), ("model.weights", {"weights": '"a\\u001b[31m"'}),
    ("model.revision", {"weights": '"owner/name"', "revision": '"main"'}),
    ("model.revision", {"weights": '"owner/name"', "revision": '"0123456"'}),
    ("model.revision", {"weights": '"owner/name"', "revision": '"%s"' % ("A" * 40)}),
    ("model.revision", {"revision": COMMIT}), ("model.revision", {"weights": '"./folder"', "revision": COMMIT}),
    ("model.dtype", {"dtype": '"float64"'}), ("model.dtype", {"dtype": "16"}),
    ("model.solver", {"solver": '"../euler"'}), ("model.solver", {"solver": "1"}),
    ("model.steps", {"search_steps": "6"}), ("model.steps", {"final_steps": "6"}),
]  # fmt: skip
UNKNOWN = {
    "nmae": "nmae", "model.step": "model.step", "model.Guidance": "model.Guidance",
    "search.candidate": "search.candidate",
    "verifier.scorer": "verifier.scorer", "budget.seconds": "budget.seconds", 'search."a\\nb"': r"search.'a\\nb'",
    'search."c\u0430ndidates"': r"search.'c\\u0430ndidates'", 'search.""': "search.''",
    "search.__class__": "search.__class__",
}  # fmt: skip
STRUCTURE: dict[str, tuple[str, str]] = {
    "no name": (put("name", None), "name"), "no model": (without("model"), "model"),
    "no model name": (put("model.name", None), "model.name"), "no search": (without("search"), "search"),
    "no search name": (put("search.name", None), "search.name"), "no verifier": (without("verifier"), "verifier"),
    "no scorers": (put("verifier.scorers", None), "verifier.scorers"), "empty": ("", "search"),
    "model is a text": ('name = "a"\nmodel = "shapes"\nsearch = { name = "none" }\n', "model"),
    "search is a list": ('name = "a"\nmodel = { name = "shapes" }\n[[search]]\nname = "none"\n', "search"),
    "budget is a number": (
        'budget = 9\nname = "a"\nmodel = { name = "shapes" }\nsearch = { name = "none" }\n', "budget",
    ),
    "weights of one scorer": (
        put("verifier.scorers", '["appeal"]', combine='"single"', weights="[1]"), "verifier.weights",
    ),
    "lists in lists": (put("search.candidates", "[" * 12 + "]" * 12), r"search.candidates[\[\]0-9]+"),
    "lists without end": (put("search.candidates", "[" * 6000), "file"),
    "tables in tables": (put("search.candidates", "{ a = " * 12 + "1" + " }" * 12), r"search.candidates[.a]+"),
    "dotted deep": (put("search." + "a." * 12 + "a", "1"), r"search[.a]+"),
    "dotted for ever": (put("search." + "a." * 2000 + "a", "1"), LINE),
    "digits without end": (put("search.candidates", "9" * 5000), LINE),
    "key twice": (GOOD + "nfe = 1\n", LINE), "table twice": (GOOD + "[model]\n", LINE),
    "unterminated": (GOOD + 'x = "', LINE), "no value": (GOOD + "x =\n", LINE), "no equals": (GOOD + "x\n", LINE),
    "yaml": ("name: mine\nmodel:\n  name: shapes\n", LINE), "json": ('{"name": "mine"}\n', LINE),
}  # fmt: skip
ENCODING: dict[str, tuple[bytes, str]] = {
    "byte-order mark": (b"\xef\xbb\xbf" + GOOD.encode(), LINE), "UTF-16": (GOOD.encode("utf-16"), LINE),
    "UTF-16 big": (b"\xfe\xff" + GOOD.encode("utf-16-be"), LINE), "UTF-32": (GOOD.encode("utf-32"), LINE),
    "Latin-1": (GOOD.encode() + "# caf\u00e9".encode("latin-1"), LINE),
    "cut letter": (GOOD.encode() + b"# \xe6\xbc", LINE),
    "overlong": (GOOD.encode() + b"# \xc0\xaf", LINE), "surrogate": (GOOD.encode() + b"# \xed\xa0\x80", LINE),
    "NUL": (GOOD.encode() + b"\x00", LINE), "escape": (GOOD.encode() + b"# \x1b[2J", LINE),
    "bell in a name": (GOOD.encode().replace(b"mine", b"mi\x07ne"), LINE), "delete": (GOOD.encode() + b"# \x7f", LINE),
    "next line": (GOOD.encode() + "# \x85".encode(), LINE),
    "bidi override": (GOOD.encode() + "# \u202e".encode(), LINE),
    "bidi isolate in a name": (GOOD.replace("mine", "mi\u2066ne").encode(), LINE),
    "zero width": (GOOD.replace("random", "ran\u200bdom").encode(), LINE),
    "mark in the middle": (GOOD.encode() + "\ufeff".encode(), LINE),
    "line separator": (GOOD.replace("12\n", "12\u2028").encode(), LINE),
    "bare carriage return": (GOOD.replace("\n", "\r").encode(), LINE),
    "CR CR LF": (GOOD.replace("\n", "\r\r\n").encode(), LINE),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), LINE), "10 MB": (b"#" * 10**7, "file"),
    "10 MB of keys": (GOOD.encode() + b"x = 1\n" * (10**7 // 6), "file"),
    "just too large": (b"\n" * (256 * 1024 + 1), "file"),
}  # fmt: skip


def files() -> dict[str, tuple[bytes, str]]:
    """Each file's content by a label, with a pattern of the key that its refusal names."""
    made = {f"{place} = {value[:40]} ({i})": (put(place, value), place)
            for place, values in VALUES.items() for i, value in enumerate(values)}  # fmt: skip
    made |= {f"scorers = {value[:40]}": (put("verifier.scorers", value), key) for value, key in SCORERS.items()}
    made |= {f"weights = {value}": (put("verifier.weights", value), r"verifier.weights\[1\]") for value in WEIGHTS}
    made |= {f"model {more}": (put("model.name", '"shapes"', **more), key) for key, more in MODEL}
    made |= {f"unknown {place}": (put(place, "1"), key) for place, key in UNKNOWN.items()}
    made |= STRUCTURE
    return {label: (text.encode(), key) for label, (text, key) in made.items()} | ENCODING
