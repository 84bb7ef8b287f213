"""A leaderboard of a million rows of prompts against the plain pandas loop that a user would write, in one run.

python benchmarks/speed/leaderboards.py [--submissions 50] [--prompts 20000] [--rounds 3] [--resamples 1000]

Results are made up (four metrics, six categories) and written as this project writes them. Each side is a process of
its own: seconds from its start to its end (and of the processor), and the most memory it held. All read the tables,
take means by submission and by category, gains over the baseline and the intervals of the ranks, and write a table:
this project's over 2,000 resamples, the loop's over `--resamples`, each prompt drawn for all submissions at once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from tts_bench.results import Result

METRICS = ("accuracy", "attributes", "dual_encoder", "appeal")
CATEGORIES = ("single", "two", "texture", "size", "count", "relation")
OURS = """
import sys
from pathlib import Path
from tts_bench.board_rows import read_board
from tts_bench.report.board import MetricInfo
from tts_bench.report.build import build
folder, out, names, plots, _ = sys.argv[1:]
metrics = [MetricInfo(m, m, m in ("accuracy", "attributes"), m == "accuracy", (m,)) for m in names.split()]
results, rows = read_board(Path(folder))
build(results, rows, metrics, "Speed", Path(folder).name, Path(out), plots=plots == "yes")
"""
LOOP = """
import sys
from pathlib import Path
import pandas
folder, out, names, _, resamples = sys.argv[1:]
board, main = [], {}
for path in sorted(Path(folder).iterdir()):
    rows = pandas.read_parquet(path / "rows.parquet").set_index("prompt_id")
    main[path.name] = rows["accuracy"]
    by_category = rows.groupby("category")["accuracy"].mean()
    board.append({"submission": path.name} | rows[names.split()].mean().to_dict() | by_category.to_dict())
main = pandas.DataFrame(main)
drawn = [main.sample(frac=1, replace=True, random_state=i).mean() for i in range(int(resamples))]
means = pandas.DataFrame(drawn)
ends = [0.025, 0.975]
ranks = means.rank(axis=1, ascending=False).quantile(ends).T
gains = means.sub(means["none"], axis=0).quantile(ends).T
board = pandas.DataFrame(board).set_index("submission").join(ranks).join(gains, rsuffix="_gain")
board.sort_values("accuracy", ascending=False).to_csv(Path(out) / "board.csv")
"""
SIDES = {
    "tables (md, csv, json, tex)": (OURS, "no"), "tables and plots": (OURS, "yes"), "a plain pandas loop": (LOOP, ""),
    "imports of the loop": ("import pandas, pyarrow.parquet", ""),
}  # fmt: skip
USED = """
import json, resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def write_results(folder: Path, submissions: int, prompts: int) -> None:
    import pandas as pd

    from tts_bench.results import write_result

    generator = np.random.default_rng(0)
    skill = generator.normal(size=prompts)
    texts = {
        "prompt_id": [f"p{i:06}" for i in range(prompts)],
        "text": [f"prompt number {i} of a red square above two blue circles" for i in range(prompts)],
        "category": [CATEGORIES[i % len(CATEGORIES)] for i in range(prompts)], "split": ["seen"] * prompts,
    }  # fmt: skip
    for place in range(submissions):
        seen = skill + generator.normal(0.02 * place, 1, prompts)
        numbers = {
            "accuracy": (seen > 0).astype(float), "attributes": np.clip(np.round(seen * 2 + 4) / 8, 0, 1),
            "dual_encoder": 0.2 + 0.05 * seen, "appeal": 5.5 + generator.normal(size=prompts),
            "verifier": seen, "nfe": np.full(prompts, 12.0 * (place + 1)), "diversity": np.full(prompts, 0.3),
        }  # fmt: skip
        picks = [hashlib.sha256(f"{place} {i}".encode()).hexdigest() for i in range(prompts)]
        rows = pd.DataFrame(texts | {"pick": picks} | numbers)
        result = made_up(folder.name, "none" if place == 0 else f"random-{place:02}", place, rows)
        write_result(folder / result.name, result, rows, "")


def made_up(suite: str, name: str, place: int, rows: pd.DataFrame) -> Result:
    from tts_bench.results import Result, SuiteRun
    from tts_bench.stats import Estimate

    def means(part: pd.DataFrame) -> dict[str, Estimate]:
        found = {metric: float(part[metric].to_numpy().mean()) for metric in METRICS}
        return {metric: Estimate(value, value, value, len(part), 0) for metric, value in found.items()}

    nfe = 12.0 * (place + 1)
    recipe = {
        "model": {"name": "shapes"}, "search": {"name": "random" if place else "none", "candidates": place + 1},
        "verifier": {"scorers": ["appeal"], "combine": "single"} if place else None, "budget": {"nfe": None},
    }  # fmt: skip
    ledger = {"search_nfe": nfe - 12, "final_nfe": 12.0, "scorer_calls": {"appeal": float(place)}, "seconds": 1.0}
    parts = {category: rows.query("category == @category") for category in CATEGORIES}
    groups = {"category": {category: means(part) for category, part in parts.items()}, "split": {}}
    digest = hashlib.sha256(name.encode()).hexdigest()
    run = SuiteRun(suite, "0" * 64, "1" * 64, len(rows), 0)
    flags = ["own_metric:appeal"] if place else []
    return Result(run, name, digest, recipe, {"scorers": {}}, flags, nfe, means(rows), groups, [], ledger, {})


def measured(code: str, folder: Path, plots: str, resamples: int) -> tuple[float, float, float]:
    """Seconds by the clock, of the processor, and MiB at most."""
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        arguments = [str(folder), out, " ".join(METRICS), plots, str(resamples)]
        told = subprocess.run([sys.executable, "-c", code + USED, *arguments], check=True, capture_output=True)
        seconds = time.perf_counter() - began
    return (seconds, *json.loads(told.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, default in (("submissions", 50), ("prompts", 20_000), ("rounds", 3), ("resamples", 1000)):
        parser.add_argument(f"--{option}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "speed"
        write_results(folder, asked.submissions, asked.prompts)
        print(f"{asked.submissions} submissions x {asked.prompts} prompts, medians of {asked.rounds}")
        for name, (code, plots) in SIDES.items():
            rounds = asked.rounds if code != LOOP else 1
            found = [measured(code, folder, plots, asked.resamples) for _ in range(rounds)]
            seconds, processor, memory = map(statistics.median, zip(*found, strict=True))
            print(f"{name:28} {seconds:7.2f} s   processor {processor:7.2f} s   {memory:6.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
