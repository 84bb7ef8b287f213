"""FAULTS row 23: no workflow that a stranger can start has a secret, a token that writes, or code that can change."""

from __future__ import annotations

import re

import pytest

from tests.workflows import faults, workflow_texts

TEXTS = workflow_texts()
GOOD = TEXTS["docs/submission.yml"]
BAD = {
    "event": [
        GOOD.replace("  pull_request:", "  pull_request_target:"), GOOD.replace("  pull_request:", "  workflow_run:"),
        re.sub(r"on:\n  pull_request:\n.*\n", "on: issue_comment\n", GOOD),
    ],
    "permissions": [
        GOOD.replace("contents: read", "contents: write"), GOOD.replace("permissions:\n  contents: read\n", ""),
        GOOD.replace("permissions:\n  contents: read", "permissions: write-all"),
        GOOD.replace("    runs-on", "    permissions:\n      pull-requests: write\n    runs-on"),
    ],
    "secrets": [
        GOOD.replace("HEAD^1 HEAD", "${{ secrets.HF_TOKEN }}"), GOOD.replace("HEAD^1 HEAD", "${{ github.token }}"),
        GOOD.replace("    steps:", "    secrets: inherit\n    steps:"),
    ],
    "unpinned": [
        re.sub(r"checkout@[0-9a-f]{40}", "checkout@v4", GOOD), re.sub(r"@[0-9a-f]{40}", "@main", GOOD),
        re.sub(r"(setup-python@)[0-9a-f]{40}", r"\g<1>0b93645", GOOD),
        re.sub(r"actions/setup-python@[0-9a-f]{40}", "docker://python:3.11", GOOD),
    ],
    "credentials": [GOOD.replace("persist-credentials: false", "persist-credentials: true")],
    "injection": [
        GOOD.replace("HEAD^1 HEAD", "${{ github.event.pull_request.title }}"),
        GOOD.replace("HEAD^1 HEAD", "${{ github.head_ref }}"),
    ],
    "runner": [GOOD.replace("ubuntu-24.04", "self-hosted")],
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_wrong_with_a_workflow(name: str) -> None:
    assert list(faults(TEXTS[name])) == []


@pytest.mark.parametrize(("fault", "text"), [(fault, text) for fault, texts in BAD.items() for text in texts])
def test_each_fault_is_found(fault: str, text: str) -> None:
    assert text != GOOD and fault in set(faults(text))
