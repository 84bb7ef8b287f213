"""GenEval's prompts (Ghosh et al. 2023), 553 in six tasks that take turns; an id is the place in the authors' file."""

from __future__ import annotations

from collections.abc import Mapping

from tts_bench.prompt_tables import Columns, parse_prompts
from tts_bench.suites.turns import by_turns
from tts_bench.types import Prompt

FILE = "evaluation_metadata.jsonl"  # an object a line: prompt, tag, and the clauses, which are kept as metadata


def read(files: Mapping[str, bytes]) -> tuple[Prompt, ...]:
    """BadInput for the first defect."""
    return by_turns(parse_prompts(files[FILE], FILE, Columns("prompt", "tag")))
