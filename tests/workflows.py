"""Workflow files and what must not stand in them: who may start them, what their token may do, whose code they run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
PINNED = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+@[0-9a-f]{40}")
STRANGERS = re.compile(r"github\.(event\.(?!pull_request\.(base|head)\.sha\b|number\b)|head_ref)")


def workflow_texts() -> dict[str, str]:
    """Every workflow of the repository and its documents: files, and blocks of YAML in pages that have jobs."""
    files = [*(ROOT / ".github").rglob("*.y*ml"), *(ROOT / "docs").rglob("*.y*ml")]
    found = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in files}
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        blocks = re.findall(r"```ya?ml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        found |= {f"{page.name}[{i}]": block for i, block in enumerate(blocks) if "jobs:" in block}
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values() for step in job["steps"]]


def faults(text: str) -> Iterator[str]:
    """What is wrong with a workflow, in a word each."""
    flow = yaml.safe_load(text)
    started = flow.get("on", flow.get(True))  # YAML 1.1 takes `on` for true
    events = {started} if isinstance(started, str) else set(started)
    if events - {"pull_request", "push", "schedule", "workflow_dispatch"}:
        yield "event"
    jobs = list(flow["jobs"].values())
    for scope in [flow, *(job for job in jobs if "permissions" in job)]:
        held = scope.get("permissions")
        if not isinstance(held, dict) or set(held.values()) - {"read", "none"}:
            yield "permissions"
    if re.search(r"\bsecrets\b|github\.token|GITHUB_TOKEN", re.sub(r"(?m)(^|\s)#.*$", "", text)):
        yield "secrets"
    for job in jobs:
        for step in [job, *job.get("steps", [])]:
            if "uses" in step and not PINNED.fullmatch(step["uses"]):
                yield "unpinned"
            if "checkout@" in step.get("uses", "") and step.get("with", {}).get("persist-credentials") is not False:
                yield "credentials"
            if STRANGERS.search(step.get("run", "")) or "${{" in step.get("run", ""):
                yield "injection"
        if any("self-hosted" in str(runner) for runner in [job.get("runs-on")]):
            yield "runner"
