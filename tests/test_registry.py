"""The registry: built-in names, other packages' entry points, and descriptions that import nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tts_bench.errors import BadInput
from tts_bench.registry import MODELS, SCORERS, SEARCHES, SUITES, Registry

MODULE = '''"""What the module says."""
import pathlib
pathlib.Path(__file__).with_name("imported").touch()

def load():
    """Measure the colour of the sky.

    And more.
    """
    return "loaded"

def silent():
    return "silent"

class Kept:
    """Keep it."""
    made = load
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A third-party package `sky`, installed on the path, with entry points of every quality."""
    (tmp_path / "sky").mkdir()
    (tmp_path / "sky" / "__init__.py").write_text("raise RuntimeError('heavy package')\n")
    (tmp_path / "sky_scorers.py").write_text(MODULE)
    (tmp_path / "sky_broken.py").write_text("import no_such_library\n")
    (tmp_path / "sky_cut.py").write_text("def load(:\n")
    info = tmp_path / "sky-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sky\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tts_bench.scorers]\n"
        "sky = sky_scorers:load\n"
        "silent = sky_scorers:silent\n"
        "nested = sky_scorers:Kept.made\n"
        "kept = sky_scorers:Kept\n"
        "deep = sky.scorers:load\n"
        "broken = sky_broken:load\n"
        "cut = sky_cut:load\n"
        "absent = sky_nowhere:load\n"
        "no_attribute = sky_scorers:nothing\n"
        "whole_module = sky_scorers\n"
        "checker = sky_scorers:load\n"
        "Sky = sky_scorers:load\n"
        "con = sky_scorers:load\n"
    )
    for name in [name for name in sys.modules if name.startswith("sky")]:
        del sys.modules[name]
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def scorers() -> Registry:
    return Registry("scorer", SCORERS.builtin)


def test_entry_points_join_the_built_in_names(package: Path) -> None:
    registry = scorers()
    assert registry.names()[: len(SCORERS.builtin)] == list(SCORERS.builtin)
    assert registry.load("sky")() == "loaded"
    assert registry.load("nested")() == "loaded"


def test_no_package_takes_a_built_in_name_or_gets_an_unusable_one_and_both_are_reported(package: Path) -> None:
    registry = scorers()
    assert registry.targets["checker"] == SCORERS.builtin["checker"]
    assert not {"Sky", "con", "whole_module"} & set(registry.names())
    assert {name.split(" ")[0]: reason for name, reason in registry.ignored.items()} == {
        "checker": "the name is taken by tts_bench.scorers.checker:load",
        "Sky": "use 1-64 of a-z 0-9 . _ - starting with a letter or digit, and no device name",
        "con": "use 1-64 of a-z 0-9 . _ - starting with a letter or digit, and no device name",
        "whole_module": "names a module; name a function in it, module:function",
    }


def test_descriptions_are_read_without_importing(package: Path) -> None:
    registry = scorers()
    found = {name: registry.describe(name) for name in registry.names() if name not in registry.builtin}
    assert found == {
        "sky": "Measure the colour of the sky.", "silent": "What the module says.", "kept": "Keep it.",
        "nested": "What the module says.", "no_attribute": "What the module says.",
        "deep": "", "broken": "", "cut": "", "absent": "",
    }  # fmt: skip
    assert not (package / "imported").exists()
    assert not [name for name in sys.modules if name.startswith("sky")]


@pytest.mark.parametrize("name", ["broken", "cut", "absent", "no_attribute", "deep"])
def test_what_does_not_import_is_bad_input_that_names_it(package: Path, name: str) -> None:
    with pytest.raises(BadInput, match=rf"^scorer: {name} = 'sky.*': cannot be imported \(.+\); mend or remove"):
        scorers().load(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("chekcer", "did you mean 'checker'"),
        ("nothing-like-it", "known: checker, dual_encoder"),
        ("Checker", "use 1-64 of a-z"),
        ("ch\u0435cker", "use 1-64 of a-z"),  # a Cyrillic letter
        ("os:system", "use 1-64 of a-z"),
        ("../checker", "use 1-64 of a-z"),
        ("", "use 1-64 of a-z"),
        (None, "use 1-64 of a-z"),
        (7, "use 1-64 of a-z"),
        (["checker"], "use 1-64 of a-z"),
    ],
)
def test_unknown_names_are_refused_with_a_hint(name: object, hint: str) -> None:
    with pytest.raises(BadInput, match=r"^f: verifier.scorers = ") as caught:
        SCORERS.require(name, "f", "verifier.scorers")
    assert hint in str(caught.value)


def test_the_groups_are_english_plurals() -> None:
    assert [registry.group for registry in (SEARCHES, MODELS, SCORERS, SUITES)] == [
        "tts_bench.searches", "tts_bench.models", "tts_bench.scorers", "tts_bench.suites",
    ]  # fmt: skip


def test_every_built_in_search_is_described_and_called_by_its_own_name() -> None:
    for name in SEARCHES.builtin:
        assert getattr(SEARCHES.load(name), "search_name", None) == name
        assert SEARCHES.describe(name) == (SEARCHES.load(name).__doc__ or "").splitlines()[0] != ""


def test_listing_and_reading_a_card_import_nothing_heavy() -> None:
    """`list` must be quick, so names, descriptions and cards come without torch and its like."""
    program = (
        "import sys\n"
        "from tts_bench.registry import MODELS, SCORERS, SEARCHES, SUITES\n"
        "from tts_bench.suite import find_suite, suite_names\n"
        "[r.describe(n) for r in (MODELS, SCORERS, SEARCHES, SUITES) for n in r.names()]\n"
        "own = [find_suite(n) for n in suite_names()]\n"
        "[s.prompts() for s in own if hasattr(s.source, 'path') and s.source.path]\n"  # those that lie beside the card
        "heavy = {'torch', 'diffusers', 'transformers', 'pandas', 'pyarrow', 'seaborn', 'scipy', 'matplotlib'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
