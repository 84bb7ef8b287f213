"""A leaderboard of a million rows of prompts against the plain pandas loop that a user would write, in one run.

python benchmarks/speed/leaderboards.py [--submissions 50] [--prompts 20000] [--rounds 3]

Results are made up (four metrics, six categories) and written as this project writes them; each side then is a process
of its own: seconds from its start to its end, and the most memory that it held.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

METRICS = ("accuracy", "attributes", "dual_encoder", "appeal")
CATEGORIES = ("single", "two", "texture", "size", "count", "relation")
HEAD = """
import sys
from pathlib import Path
from tts_bench.report.board import MetricInfo
folder, out = map(Path, sys.argv[1:])
metrics = [MetricInfo(name, name, name in ("accuracy", "attributes"), name == "accuracy", (name,)) for name in {metrics}]
"""
READ = """
from tts_bench.results import read_all
results, rows = read_all(folder, [metric.name for metric in metrics])
"""
SIDES = {
    "interpreter and imports": "import pandas, pyarrow.parquet, numpy",
    "tables (md, csv, json, tex)": HEAD + READ + """
from tts_bench.report.build import build_tables
build_tables(results, rows, metrics, "Speed", folder.name, out)
""",
    "tables and plots": HEAD + READ + """
from tts_bench.report.build import build
build(results, rows, metrics, "Speed", folder.name, out)
""",
    "a pandas loop": """
import json, sys
from pathlib import Path
import numpy, pandas
folder, out = map(Path, sys.argv[1:])
generator, board = numpy.random.default_rng(0), []
tables = {path.name: pandas.read_parquet(path / "rows.parquet") for path in sorted(folder.iterdir())}
base = tables["none"].set_index("prompt_id")["accuracy"]
for name, rows in tables.items():
    row = {"submission": name}
    gains = (rows.set_index("prompt_id")["accuracy"] - base).to_numpy()
    for column, values in [*((metric, rows[metric].to_numpy()) for metric in {metrics}), ("gain", gains)]:
        means = [generator.choice(values, len(values)).mean() for _ in range({resamples})]
        low, high = numpy.quantile(means, [0.025, 0.975])
        row |= {column: values.mean(), f"{column}_low": low, f"{column}_high": high}
    for category, part in rows.groupby("category"):
        row[f"accuracy in {category}"] = part["accuracy"].mean()
    board.append(row)
pandas.DataFrame(board).sort_values("accuracy", ascending=False).to_csv(out / "board.csv", index=False)
""",
}  # fmt: skip
RUN = "import resource\n{}\nprint('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def write_results(folder: Path, submissions: int, prompts: int) -> None:
    import pandas as pd

    from tts_bench.results import Result, SuiteRun, write_result
    from tts_bench.stats import Estimate

    generator = np.random.default_rng(0)
    skill = generator.normal(size=prompts)
    texts = {
        "prompt_id": [f"p{i:06}" for i in range(prompts)],
        "text": [f"prompt number {i} of a red square above two blue circles" for i in range(prompts)],
        "category": [CATEGORIES[i % len(CATEGORIES)] for i in range(prompts)], "split": ["seen"] * prompts,
    }  # fmt: skip
    for k in range(submissions):
        name = "none" if k == 0 else f"random-{k:02}"
        seen = skill + generator.normal(0.02 * k, 1, prompts)
        numbers = {
            "accuracy": (seen > 0).astype(float), "attributes": np.clip(np.round(seen * 2 + 4) / 8, 0, 1),
            "dual_encoder": 0.2 + 0.05 * seen, "appeal": 5.5 + generator.normal(size=prompts),
            "verifier": seen, "nfe": np.full(prompts, 12.0 * (k + 1)), "diversity": np.full(prompts, 0.3),
        }  # fmt: skip
        picks = [hashlib.sha256(f"{k} {i}".encode()).hexdigest() for i in range(prompts)]
        rows = pd.DataFrame(texts | {"pick": picks} | numbers)
        means = {
            m: Estimate(float(rows[m].mean()), float(rows[m].mean()), float(rows[m].mean()), prompts, 0)
            for m in METRICS
        }
        groups = {
            str(c): {m: Estimate(float(part[m].mean()), None, None, len(part), 0) for m in METRICS}
            for c, part in rows.groupby("category")
        }
        recipe = {
            "model": {"name": "shapes", "steps": 12, "guidance": 2.5}, "budget": {"nfe": None},
            "search": {"name": "none" if k == 0 else "random", "candidates": k + 1},
            "verifier": None if k == 0 else {"scorers": ["checker"], "combine": "single"},
        }  # fmt: skip
        sha = hashlib.sha256(name.encode()).hexdigest()
        result = Result(
            SuiteRun(folder.name, "0" * 64, "1" * 64, prompts, 0), name, sha, recipe, {"scorers": {}}, [], 12.0 * (k + 1),
            means, {"category": groups, "split": {}}, [], {"search_nfe": 12.0 * k, "final_nfe": 12.0, "scorer_calls": {}}, {},
        )  # fmt: skip
        write_result(folder / name, result, rows, "")
