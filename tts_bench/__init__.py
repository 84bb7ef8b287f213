"""tts-bench: what inference-time scaling of diffusion models buys, measured the same way for everyone.

    import tts_bench as tb
    table = tb.evaluate("shapes", limit=21)

Everything public is listed in `__all__` and imported when first used, so that `import tts_bench` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_bench.api import evaluate, plan
    from tts_bench.boards import leaderboard
    from tts_bench.errors import BadInput, TtsBenchError
    from tts_bench.gallery.page import page
    from tts_bench.grid import grid_submissions
    from tts_bench.protocols import Model, Scorer
    from tts_bench.submission import Submission, read_submission
    from tts_bench.suite import Suite, find_suite
    from tts_bench.types import Move, Outcome, Prompt, Search, Task, best

_HOMES = {
    "api": ("evaluate", "plan"),
    "boards": ("leaderboard",),
    "errors": ("BadInput", "TtsBenchError"),
    "gallery.page": ("page",),
    "grid": ("grid_submissions",),
    "submission": ("Submission", "read_submission"),
    "suite": ("Suite", "find_suite"),
    "protocols": ("Model", "Scorer"),
    "types": ("Move", "Outcome", "Prompt", "Search", "Task", "best"),
}
__all__ = [
    "BadInput", "Model", "Move", "Outcome", "Prompt", "Scorer", "Search", "Submission", "Suite", "Task",
    "TtsBenchError", "best", "evaluate", "find_suite", "grid_submissions", "leaderboard", "page", "plan",
    "read_submission",
]  # fmt: skip


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"tts_bench.{module}"), name)
    raise AttributeError(f"module 'tts_bench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
