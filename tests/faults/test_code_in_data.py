"""FAULTS row 14: data never runs. 42 payloads in submissions, cards, prompts, flags and results leave no trace, and the
package's source has none of the constructs by which data becomes code.
"""

from __future__ import annotations

import ast
import hashlib
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

import tts_bench
from tts_bench.errors import TtsBenchError
from tts_bench.registry import Registry
from tts_bench.results import read_results
from tts_bench.shapes.prompts import scene_of
from tts_bench.submission import from_flags, read_submission
from tts_bench.suite import find_suite

ROOT = Path(tts_bench.__file__).parent
EVIL = """\
import pathlib
CANARY = pathlib.Path(__file__).with_name("canary")
CANARY.touch()
def run(*_, **__): CANARY.touch()
"""
CODE = "__import__('evil_plugin').run()"


class Reduced:
    """Pickles as a call of the evil plug-in."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return import_module, ("evil_plugin",)


def submission(
    model: str = "shapes", search: str = "none", extra: str = "", more: str = "", scorers: str = "chance"
) -> str:
    return (
        f"name = 'a'\n{extra}\n[model]\nname = {json.dumps(model)}\n{more}\n"
        f"[search]\nname = {json.dumps(search)}\n[verifier]\nscorers = [{json.dumps(scorers)}]\n"
    )


TARGETS = ["evil_plugin:run", "evil_plugin", "evil_plugin.run", "./evil_plugin.py:run"]
SUBMISSIONS = [
    *(submission(search=target) for target in TARGETS),
    *(submission(model=target) for target in TARGETS),
    *(submission(scorers=target) for target in TARGETS),
    submission(more="weights = 'evil_plugin:run'"), submission(more="weights = './evil.pt'"),
    submission(more="weights = '$(touch canary)'"), submission(more=f"solver = {json.dumps(CODE)}"),
    submission(more="dtype = 'evil_plugin.run'"), submission(more=f"guidance = {json.dumps(CODE)}"),
    submission(extra="plugins = ['evil_plugin']"), submission(extra="_target_ = 'evil_plugin.run'"),
    submission(extra="'!!python/object/apply:evil_plugin.run' = []"),
    submission(extra="__reduce__ = ['evil_plugin.run']"),
    submission().replace("'a'", "'{{ evil_plugin.run() }}'"),
    submission().replace("'a'", "!!python/name:evil_plugin.run"),
    submission(search="random") + f"[budget]\nnfe = {json.dumps(CODE)}\n",
]  # fmt: skip
FLAGS = [
    ("evil_plugin:run", "none", None), ("shapes", "evil_plugin:run", None), ("shapes", "none", "evil_plugin:run"),
    ("shapes", f"random:candidates={CODE}", "chance"),
    ("shapes:guidance=[evil_plugin.run() for _ in [1]]", "none", None),
]  # fmt: skip
PROMPTS = [
    pickle.dumps(Reduced()),
    json.dumps({"id": "a", "text": CODE, "metadata": {"__reduce__": "evil_plugin.run", "things": CODE}}).encode(),
    json.dumps({"id": "a", "text": "b", "py/object": "evil_plugin.run"}).encode(),
    json.dumps({"id": "a", "text": "b", "metadata": {"py/reduce": [{"py/function": "evil_plugin.run"}]}}).encode(),
    b"!!python/object/apply:evil_plugin.run []\n", CODE.encode(),
]  # fmt: skip
CARDS = [
    ("file = ", "file = 'evil_plugin.py' #"),
    ("scorer = ", "scorer = 'evil_plugin:run' #"),
    ("model = ", "model = 'evil_plugin:run' #"),
    ("[protocol]", "loader = 'evil_plugin:run'\n[protocol]"),
]
RESULTS = [pickle.dumps(Reduced()), b'{"format": 1, "py/object": "evil_plugin.run"}']


def payloads(folder: Path) -> Iterator[Callable[[], object]]:
    """Each payload as the call that reads it."""
    for i, text in enumerate(SUBMISSIONS):
        (folder / f"s{i}.toml").write_text(text)
        yield lambda i=i: read_submission(folder / f"s{i}.toml")
    for flags in FLAGS:
        yield lambda flags=flags: from_flags(*flags)
    for i, raw in enumerate(PROMPTS):
        (folder / f"p{i}.jsonl").write_bytes(raw)
        (folder / f"p{i}.toml").write_text(card(f"p{i}.jsonl", hashlib.sha256(raw).hexdigest()))
        yield lambda i=i: [scene_of(prompt) for prompt in find_suite(str(folder / f"p{i}.toml")).prompts()]
    for i, (old, new) in enumerate(CARDS):
        (folder / f"c{i}.toml").write_text(card("evil.jsonl", "0" * 64).replace(old, new))
        yield lambda i=i: find_suite(str(folder / f"c{i}.toml")).prompts()
    for i, raw in enumerate(RESULTS):
        (folder / f"r{i}" / "a").mkdir(parents=True)
        (folder / f"r{i}" / "a" / "result.json").write_bytes(raw)
        yield lambda i=i: read_results(folder / f"r{i}")


def card(file: str, sha256: str) -> str:
    return (
        f'name = "evil"\ntitle = "t"\ndescription = "d"\n[prompts]\nfile = "{file}"\nsha256 = "{sha256}"\nlimit = 1\n'
        '[protocol]\nseed = 0\nmodel = "shapes"\n'
        '[[metrics]]\nname = "m"\nscorer = "chance"\noutput = "score"\ntitle = "t"\nmain = true\n'
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose `evil_plugin` can be imported, and tells when it was."""
    (tmp_path / "evil_plugin.py").write_text(EVIL)
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Reduced()))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("evil_plugin", None)


def traces(folder: Path) -> dict[str, int]:
    """How many payloads were given to their reader, how many of them ran something, and how many gave a traceback."""
    found = {"given": 0, "ran": 0, "crashed": 0}
    for call in payloads(folder):
        try:
            call()
        except TtsBenchError:
            pass  # refused, which is as good as read as plain data
        except Exception:
            found["crashed"] += 1
        found["given"] += 1
        found["ran"] += (folder / "canary").exists() or "evil_plugin" in sys.modules
        (folder / "canary").unlink(missing_ok=True)
        sys.modules.pop("evil_plugin", None)
    return found


def test_no_payload_runs(folder: Path) -> None:
    assert traces(folder) == {"given": 42, "ran": 0, "crashed": 0}


def test_the_canary_sings(folder: Path) -> None:
    pickle.loads(PROMPTS[0])
    assert (folder / "canary").exists() and "evil_plugin" in sys.modules


def test_a_registry_that_takes_any_module_is_caught(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: Registry, name: str) -> object:
        module, _, attribute = self.targets.get(name, name).partition(":")
        return getattr(import_module(module), attribute or "run")

    monkeypatch.setattr(Registry, "require", lambda self, name, file="", key="": name)
    monkeypatch.setattr(Registry, "load", load)
    assert traces(folder)["ran"] >= 3


def test_a_reader_that_unpickles_is_caught(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpickle(path: Path, sha256: str) -> object:
        try:
            return [pickle.loads(path.read_bytes())]
        except Exception as error:
            raise TtsBenchError(str(error)) from error

    monkeypatch.setattr("tts_bench.prompt_sources.read_prompts", unpickle)
    monkeypatch.setattr("tests.faults.test_code_in_data.scene_of", lambda prompt: prompt)
    assert traces(folder)["ran"] == 1


def test_flags_that_are_evaluated_are_caught(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tts_bench.flags._plain", lambda value: eval(value, {"evil_plugin": import_module("evil_plugin")})
    )
    assert traces(folder)["ran"] >= 1


BANNED_MODULES = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml", "ruamel",
    "jsonpickle", "code", "codeop", "runpy",
}  # fmt: skip
BANNED_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "read_pickle", "to_pickle"}


def banned(source: str, may_import_by_name: bool = False) -> list[str]:
    """The constructs in `source` by which data could become code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            found += [name for name in names if name.split(".")[0] in BANNED_MODULES]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            bad = name in BANNED_CALLS or name.split(".")[-1] in ("read_pickle", "to_pickle", "unpickle")
            bad |= name == "torch.load" and given.get("weights_only") != "True"
            bad |= given.get("allow_pickle", "False") != "False" or given.get("shell", "False") != "False"
            by_name = name.split(".")[-1] == "import_module" and not isinstance(node.args[0], ast.Constant)
            found += [name] if bad or (by_name and not may_import_by_name) else []
        elif isinstance(node, ast.Constant) and node.value in BANNED_MODULES:
            found.append(str(node.value))
    return found


def test_the_package_has_no_way_from_data_to_code() -> None:
    """Modules are imported by name in two places: the registry, and the package's own table of public names."""
    by_name = {ROOT / "registry.py", ROOT / "__init__.py"}
    files = sorted(ROOT.rglob("*.py"))
    assert len(files) > 40
    assert {str(file): b for file in files if (b := banned(file.read_text("utf-8"), file in by_name))} == {}


BAD = [
    "import pickle", "from pickle import loads", "def f():\n    import dill", "import yaml",
    "from ruamel.yaml import YAML",
    "import_module('marshal')", "eval('1')", "exec(text)", "compile(text, 'f', 'exec')", "__import__(name)",
    "torch.load(path)", "torch.load(path, weights_only=False)", "torch.load(path, weights_only=flag)",
    "np.load(path, allow_pickle=True)", "pd.read_pickle(path)", "frame.to_pickle(path)", "os.system(line)",
    "subprocess.run(line, shell=True)", "import_module(name)", "importlib.import_module(f'{name}')", "import runpy",
]  # fmt: skip
FINE = ["model.eval()", "re.compile('a')", "torch.load(path, weights_only=True)", "np.load(path, allow_pickle=False)",
        "import_module('tts_bench.types')", "import json, tomllib"]  # fmt: skip


@pytest.mark.parametrize("source", BAD)
def test_each_banned_construct_is_caught(source: str) -> None:
    assert banned(source)


@pytest.mark.parametrize("source", FINE)
def test_what_looks_alike_is_allowed(source: str) -> None:
    assert not banned(source)
