"""Keys follow from content alone, and no name or link leads a file out of its folder."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_bench import keys
from tts_bench.errors import BadInput

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_canonical_json_is_ascii_and_says_the_same(value: object) -> None:
    text = keys.canonical(value)  # type: ignore[arg-type]
    assert text.isascii()
    assert json.loads(text) == value
    assert keys.canonical(json.loads(text)) == text


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON, min_size=2), st.randoms(use_true_random=False))
def test_the_order_of_a_dict_does_not_matter(value: dict, chance: random.Random) -> None:
    items = list(value.items())
    chance.shuffle(items)
    assert keys.digest(dict(items)) == keys.digest(value)


def test_a_digest_is_the_sha256_of_the_canonical_json() -> None:
    assert keys.digest({"b": [1, 2.5], "a": "é"}) == hashlib.sha256(b'{"a":"\\u00e9","b":[1,2.5]}').hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"x": [float("-inf")]}])
def test_what_is_no_number_has_no_key(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        keys.digest(value)  # type: ignore[arg-type]


def test_seeds_have_63_bits_and_differ() -> None:
    seeds = [keys.seed("x", number) for number in range(2000)]
    assert len(set(seeds)) == 2000
    assert 2**62 < max(seeds) < 2**63
    assert min(seeds) >= 0


# -- names -------------------------------------------------------------------------------------------------------------

ABSOLUTE = [
    "/etc/passwd",
    "/",
    "//server/share",
    "C:\\x",
    "C:x",
    "c:",
    "\\\\server\\share",
    "\\x",
    "file:///x",
    "~",
    "~root",
]
UP = [
    "..", ".", "...", "../x", "../../x", "x/..", "x/../..", "a/b", "a/", "./a", "..\\x", "a\\..\\b", "..%2fx", "%2e%2e",
    "%2e%2e%2f", "%2e", "%252e%252e", "..;/x", ".. /x", "..\0", "\u2025/x", "\uff0e\uff0e/x", "a\u2215b", "a\u29f8b",
    "\uff0f", "a\u2044..",
]  # fmt: skip
CONTROL = [
    "", " ", "a b", " a", "a ", "\t", "a\n", "\na", "a\r\n", "a\0", "a\0.png", "\0", "a\x1b[31m", "a\x7f", "a\x85",
    "\ufeffa", "a\u200b", "a\u202egnp", "a\u2028", "\ud800",
]  # fmt: skip
DOTS = ["a.", "a..", ".a", "..a", ".git", ".ssh", "a.png.", "-a", "--out", "-rf", "_a", "a.png...", ".png", "a. ", "-"]
DEVICES = [
    "con", "prn", "aux", "nul", "com1", "com9", "com0", "lpt1", "lpt9", "con.txt", "nul.png", "aux.tar.gz", "com1.json",
    "lpt3.a.b", "prn.x", "CON", "Nul.png",
]  # fmt: skip
LONG = ["a" * 65, "a" * 300, "a" * 65 + ".png", "x." + "y" * 300, "\u00e9" * 40, "a" * 5000, "a." + "b" * 64]
LETTERS = [
    "A", "Abc", "abc.PNG", "\u00e9", "e\u0301", "\u212b", "\u0430bc", "\uff41", "a.\u0661", "a.\u00b2", "a.\uff50ng",
    "\u4e2d", "a\U0001f600", "\u0131", "\u017f",
]  # fmt: skip
SHELL = ["a;b", "a|b", "$HOME", "`id`", "$(id)", "a*", "a?", "a:b", "a<b"]
NAMES = [*ABSOLUTE, *UP, *CONTROL, *DOTS, *DEVICES, *LONG, *LETTERS, *SHELL]
Inside = Callable[..., Path]


def tree(folder: Path) -> dict[str, object]:
    """Everything below a folder, links not followed."""
    found: dict[str, object] = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            linked = os.readlink(path) if path.is_symlink() else None
            found[str(path)] = linked or (path.read_bytes() if path.is_file() else "folder")
    return found


def write(inside: Inside, root: Path, *parts: str) -> bool:
    """Write where `inside` says, as a result writer would; True unless it was refused in one printable line."""
    try:
        path = inside(root, *parts)
    except BadInput as error:
        return not str(error).isprintable()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"written")
    except (OSError, ValueError):
        pass  # the naive twin runs into the system's own limits
    return True


def naive(root: Path, *parts: str) -> Path:
    return root.joinpath(*parts)


def not_refused(inside: Inside, folder: Path) -> list[str]:
    """The names that are let through, as a name of their own, with a suffix, and as a folder's."""
    root = folder / "a" / "b" / "root"
    root.mkdir(parents=True)
    harmless = [name for name in NAMES if not name.startswith(("/", "\\\\", "~"))]
    found = [name for name in NAMES if (inside is keys.inside or name in harmless) and write(inside, root, name)]
    if inside is keys.inside:
        found += [f"{name} as folder" for name in NAMES if write(inside, root, name, "x.json")]
        found += [
            f"{name} with a suffix" for name in NAMES if not suffixes_well(name) and write(inside, root, name + ".png")
        ]
    return found


def suffixes_well(name: str) -> bool:
    """A name that is itself wrong, but right as the stem of a file."""
    return keys.NAME.fullmatch(name + ".png") is not None and not name.endswith(".") and name not in DEVICES


def test_120_names_are_refused_and_nothing_outside_changes(tmp_path: Path) -> None:
    assert len(set(NAMES)) == len(NAMES) >= 120
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "precious").write_bytes(b"precious")
    assert not_refused(keys.inside, tmp_path) == []
    assert tree(tmp_path / "a" / "b") == {str(tmp_path / "a" / "b" / "root"): "folder"}
    assert (tmp_path / "a" / "precious").read_bytes() == b"precious"
    for name in NAMES:
        with pytest.raises(BadInput):
            keys.check_name(name, "file", "name")


def test_joining_paths_naively_is_found_out(tmp_path: Path) -> None:
    assert len(not_refused(naive, tmp_path)) > 80
    assert [path for path in tree(tmp_path) if not path.startswith(str(tmp_path / "a" / "b" / "root"))] != [
        str(tmp_path / "a"), str(tmp_path / "a" / "b"),
    ]  # fmt: skip


@pytest.mark.parametrize("value", [None, 1, 1.0, b"a", ["a"], True])
def test_what_is_no_text_is_no_name(value: object, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        keys.check_name(value, "file", "name")
    with pytest.raises(BadInput):
        keys.inside(tmp_path, value)  # type: ignore[arg-type]


GOOD = [
    "a",
    "0",
    "shapes",
    "random16-dual_encoder",
    "a.b",
    "v1.0",
    "a" * 64,
    "console",
    "null",
    "com10",
    "lpt",
    "result.json",
]


@pytest.mark.parametrize("name", [*GOOD, "f" * 64 + ".png", "a" * 64 + ".parquet"])
def test_plain_names_are_let_through(name: str, tmp_path: Path) -> None:
    assert write(keys.inside, tmp_path, "shapes", name)
    assert list(tree(tmp_path)) == [str(tmp_path / "shapes"), str(tmp_path / "shapes" / name)]
    if name in GOOD:
        assert keys.check_name(name, "file", "name") == name


def plants(root: Path, outside: Path) -> list[tuple[Path, str, tuple[str, ...]]]:
    """Links (where, to what) and the parts whose path they would lead astray."""
    return [
        (root / "file", str(outside / "precious"), ("file",)),
        (root / "new", str(outside / "not-there-yet"), ("new",)),
        (root / "folder", str(outside), ("folder", "precious")),
        (root / "folder2", str(outside), ("folder2", "new.json")),
        (root / "relative", "../outside/precious", ("relative",)),
        (root / "deep" / "link", "../../outside", ("deep", "link", "precious")),
        (root / "chain", str(root / "folder"), ("chain", "precious")),
        (root / "loop", "loop", ("loop",)),
        (root / "up", "..", ("up", "outside", "precious")),
        (root / "result.json", str(root / "real.json"), ("result.json",)),
    ]


def followed(inside: Inside, folder: Path) -> int:
    """How many of the planted links are not refused."""
    root, outside = folder / "root", folder / "outside"
    (root / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "precious").write_bytes(b"precious")
    (root / "real.json").write_bytes(b"real")
    planted = plants(root, outside)
    for where, target, _ in planted:
        where.symlink_to(target)
    return sum(write(inside, root, *parts) for _, _, parts in planted)


def test_ten_planted_links_are_refused_and_nothing_outside_changes(tmp_path: Path) -> None:
    assert followed(keys.inside, tmp_path) == 0
    assert tree(tmp_path / "outside") == {str(tmp_path / "outside" / "precious"): b"precious"}
    assert (tmp_path / "root" / "real.json").read_bytes() == b"real"


def test_following_links_is_found_out(tmp_path: Path) -> None:
    assert followed(naive, tmp_path) == 10
    assert tree(tmp_path / "outside") != {str(tmp_path / "outside" / "precious"): b"precious"}


def test_the_folder_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert write(keys.inside, tmp_path / "link", "shapes", "x.json")
    assert (tmp_path / "real" / "shapes" / "x.json").exists()
