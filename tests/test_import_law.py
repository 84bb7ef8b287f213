"""Who may import whom, read from the source: the house stays a house.

`types`, `errors` <- `keys` <- `store` <- `engine`; `search` knows the types alone; what a laptop needs for a
leaderboard never reaches torch, the engine or the store; nobody imports `cli`; heavy libraries wait inside functions.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

import tts_bench

ROOT = Path(tts_bench.__file__).parent
HEAVY = {
    "torch", "diffusers", "transformers", "pandas", "seaborn", "pyarrow", "matplotlib", "tokenizers", "safetensors",
    "torchvision", "accelerate", "datasets", "sklearn",
    "cleanfid", "torch_fidelity", "huggingface_hub", "openai", "httpx2", "open_clip", "timm", "spacy",
}  # fmt: skip
# What a search may use beside the types: no clock, no file, no random state of its own.
PURE = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "functools",
    "itertools",
    "math",
    "typing",
    "numpy",
    "tts_bench",
}
NUMERIC = (sys.stdlib_module_names | {"numpy", "scipy", "tts_bench"}) - {"random"}
# what rebuilds, compares and checks boards
LIGHT = ("results", "stats", "compare", "comparing", "report", "rows", "document", "acceptance")
NOT_FOR_LIGHT = ("torch", "tts_bench.engine", "tts_bench.store")
PLUGINS = ("models", "scorers", "metrics", "features")
NOT_FOR_PLUGINS = ("engine", "store", "run", "results", "suite", "submission", "api", "search", "evaluation", "report")
GRAMMAR = ("shapes.scenes", "shapes.render", "shapes.observe", "shapes.judge", "shapes.checker")


@dataclass
class Imports:
    """What one module imports: `anywhere` counts functions too, `on_load` only what runs at its own import."""

    anywhere: set[str] = field(default_factory=set)
    on_load: set[str] = field(default_factory=set)


@cache
def sources() -> dict[str, str]:
    """Every module of the package, by name below it; "" is the package itself."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text("utf-8")
    return found


def imports_of(name: str, source: str, modules: Mapping[str, str]) -> Imports:
    found = Imports()
    for node, on_load in _walk(ast.parse(source), True):
        names = set(_named(node, name, modules))
        found.anywhere |= names
        found.on_load |= names if on_load else set()
    return found


def _walk(node: ast.AST, on_load: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node and whether it runs when the module is imported; what only the type checker sees is left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child, on_load
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(child, on_load and not inside)


def _named(node: ast.AST, importer: str, modules: Mapping[str, str]) -> Iterator[str]:
    """The modules that one statement imports, by full name."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            is_package = any(name.startswith(importer + ".") for name in modules)
            above = ["tts_bench", *importer.split(".")][: 1 - node.level + len(importer.split(".")) + is_package]
            base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names if _inside(f"{base}.{alias.name}") in modules)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
        yield from (str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant))


def _inside(module: str) -> str:
    """The name below the package, "-" for a module of another."""
    return module.removeprefix("tts_bench").removeprefix(".") if module.split(".")[0] == "tts_bench" else "-"


def within(module: str, *groups: str) -> bool:
    return any(module == group or module.startswith(group + ".") for group in groups)


def reached(name: str, imports: Mapping[str, Imports]) -> set[str]:
    """All that runs when `name` is imported and its own functions are called: every step on is on loading."""
    seen: set[str] = set()
    waiting = list(imports[name].anywhere)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            known = imports.get(_inside(module))
            waiting += known.on_load if known else ()
    return seen


@cache
def package() -> dict[str, Imports]:
    modules = sources()
    return {name: imports_of(name, source, modules) for name, source in modules.items()}


def violations(changed: Mapping[str, str]) -> set[tuple[str, str]]:
    """(module, law broken) for every breach in the package with the sources of some modules changed."""
    modules = {**sources(), **changed}
    imports = {**package(), **{name: imports_of(name, source, modules) for name, source in changed.items()}}
    found = set()
    for name, own in imports.items():
        ours = {_inside(module) for module in own.anywhere} - {"-", ""}
        roots = {module.split(".")[0] for module in own.anywhere}
        laws = {
            "types and errors stand alone": name in ("types", "errors") and bool(ours),
            "keys knows types and errors": name == "keys" and not ours <= {"types", "errors"},
            "store knows keys and files": within(name, "store")
            and not all(within(module, "store", "types", "errors", "keys", "images", "files") for module in ours),
            "search knows types alone": within(name, "search")
            and not (all(within(module, "types", "search") for module in ours) and roots <= PURE),
            "plug-ins know types, keys and shapes": within(name, *PLUGINS)
            and any(within(module, *NOT_FOR_PLUGINS) for module in ours),
            "results and reports stay light": within(name, *LIGHT)
            and any(within(module, *NOT_FOR_LIGHT) for module in reached(name, imports)),
            "testing is for tests": not within(name, "testing")
            and ("pytest" in roots or any(within(module, "testing") for module in ours)),
            "nobody imports cli": name != "__main__" and "cli" in ours,
            "the grammar is numpy and scipy": name in GRAMMAR
            and not (roots <= NUMERIC and all(within(m, "shapes", "types", "errors") for m in ours)),
            "heavy libraries wait": not re.fullmatch(r"training|(shapes|digits)\.train.*", name)
            and bool({module.split(".")[0] for module in own.on_load} & HEAVY),
        }  # fmt: skip
        found |= {(name, law) for law, broken in laws.items() if broken}
    return found


def test_the_package_keeps_the_law() -> None:
    assert violations({}) == set()


BROKEN = [
    ("types", "from tts_bench import keys", "types and errors stand alone"),
    ("errors", "def f():\n    from tts_bench.types import Json", "types and errors stand alone"),
    ("keys", "from tts_bench.store import Store", "keys knows types and errors"),
    ("store.blobs", "def f():\n    from tts_bench import engine", "store knows keys and files"),
    ("store.blobs", "from ..engine import Engine", "store knows keys and files"),
    ("search.new", "from tts_bench.engine import Engine", "search knows types alone"),
    ("search.new", "def f():\n    import torch", "search knows types alone"),
    ("search.new", "import random", "search knows types alone"),
    ("search.new", "from tts_bench import keys", "search knows types alone"),
    ("search.new", "from time import time", "search knows types alone"),
    ("scorers.new", "def f():\n    from tts_bench.store import Store", "plug-ins know types, keys and shapes"),
    ("models.new", "import tts_bench.engine", "plug-ins know types, keys and shapes"),
    ("metrics.new", "from tts_bench.results import Result", "plug-ins know types, keys and shapes"),
    ("features.new", "def f():\n    from tts_bench.engine import Engine", "plug-ins know types, keys and shapes"),
    ("features.new", "from cleanfid.resize import build_resizer", "heavy libraries wait"),
    ("metrics.new", "import torch_fidelity", "heavy libraries wait"),
    ("report.new", "def f():\n    import torch", "results and reports stay light"),
    ("report.new", "from tts_bench.engine import Engine", "results and reports stay light"),
    ("report.new", "import importlib\nimportlib.import_module('tts_bench.store')", "results and reports stay light"),
    ("report.new", "def f():\n    from tts_bench import api", "results and reports stay light"),  # at second hand
    ("rows", "class A:\n    if True:\n        import torch.nn", "results and reports stay light"),
    ("compare", "def f():\n    __import__('torch')", "results and reports stay light"),
    ("doctor", "def f():\n    import pytest", "testing is for tests"),
    ("registry", "from tts_bench.testing import toy", "testing is for tests"),
    ("doctor", "def f():\n    from tts_bench.cli import app", "nobody imports cli"),
    ("report.new", "from tts_bench import cli", "nobody imports cli"),
    ("shapes.render", "def f():\n    import torch", "the grammar is numpy and scipy"),
    ("shapes.scenes", "import random", "the grammar is numpy and scipy"),
    ("shapes.checker", "from tts_bench.engine import Engine", "the grammar is numpy and scipy"),
    ("engine", "import torch", "heavy libraries wait"),
    ("shapes.network", "from diffusers import SD3Transformer2DModel", "heavy libraries wait"),
    ("evaluation", "if True:\n    import pandas as pd", "heavy libraries wait"),
    ("report.plot", "class A:\n    import seaborn", "heavy libraries wait"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "law"), BROKEN)
def test_each_breach_is_caught(name: str, source: str, law: str) -> None:
    assert (name, law) in violations({name: source})


ALLOWED = [
    ("search.new", "import math\nimport numpy as np\nfrom tts_bench.types import Task"),
    ("scorers.new", "from tts_bench import keys\ndef f():\n    import torch"),
    ("features.new", "from tts_bench.metrics.sample import Sample\ndef f():\n    import torch_fidelity"),
    ("shapes.train_new", "import torch"),
    ("training", "import torch"),
    ("testing.new", "import pytest\nfrom tts_bench.testing import toy"),
    ("report.new", "import typing\nif typing.TYPE_CHECKING:\n    import pandas\n    from tts_bench.engine import E"),
    ("__main__", "from tts_bench.cli import main"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source"), ALLOWED)
def test_what_is_allowed_is_not_caught(name: str, source: str) -> None:
    assert not {broken for broken in violations({name: source}) if broken[0] == name}


def test_loading_every_light_module_brings_neither_torch_nor_engine_nor_store() -> None:
    """What the reading of sources says, seen at run time too."""
    light = [f"tts_bench.{name}" for name in sources() if within(name, *LIGHT, "suite", "submission", "search")]
    assert len(light) >= 8
    program = f"import importlib, sys\nfor name in {light!r}: importlib.import_module(name)\n" + (
        "bad = set(sys.modules) & {'torch', 'pandas', 'pyarrow', 'seaborn', 'tts_bench.engine', 'tts_bench.store'}\n"
        "sys.exit(', '.join(sorted(bad)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
