"""A comparison as Markdown, for a pull request or a step's summary."""

from __future__ import annotations

from tts_bench.comparing.words import Report
from tts_bench.report import escape
from tts_bench.report.table import markdown_grid


def markdown(report: Report) -> str:
    cell = escape.markdown_cell
    parts = [f"### {cell(report.title)}", *map(cell, report.lines)]
    for heading, grid in report.grids:
        parts += [f"#### {cell(heading)}", markdown_grid(grid).rstrip("\n")]
    notes = "\n".join(f"- {cell(note)}" for note in report.notes)
    return "\n\n".join([*parts, *([notes] if notes else [])]) + "\n"
