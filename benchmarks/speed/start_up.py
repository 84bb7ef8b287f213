"""How long `tts-bench --help` takes, against an empty Python, in one run.

python benchmarks/speed/start_up.py [--rounds 10]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = range(parser.parse_args().rounds)
    program = "import sys; sys.argv = ['tts-bench', '--help']; from tts_bench.cli import main; main()"
    helped, empty = zip(*[(seconds("-c", program), seconds("-c", "pass")) for _ in rounds], strict=True)
    print(
        f"tts-bench --help {statistics.median(helped):.3f} s, python -c pass {statistics.median(empty):.3f} s (medians)"
    )


if __name__ == "__main__":
    main()
