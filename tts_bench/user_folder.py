"""Where this program keeps what it fetches and builds for a user, beside the store."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "TTS_BENCH_HOME"


def user_folder() -> Path:
    """$TTS_BENCH_HOME, else tts-bench in the system's place for a user's data; it need not exist."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().absolute()
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "tts-bench"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tts-bench"
