"""The folder to the hub: private unless told, by the token of the environment, which no message shows."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tts_bench import secrets
from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.submission import HUB_ID

TOKEN = "HF_TOKEN"  # noqa: S105  the name of the variable


def find_token(repo: str) -> str:
    """The hub's token; BadInput, before anything is written, without one or for what is no owner/name."""
    if not re.fullmatch(HUB_ID, repo) or len(repo) > 96:
        raise BadInput.at("command line", "--repo", repo, "write owner/name, as the hub has it")
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise BadInput.at("environment", TOKEN, "", "holds no token; set it to one that may write, or leave --repo out")
    return token


def push(folder: Path, repo: str, token: str, public: bool) -> str:
    """Upload `folder` as the dataset `repo`, made if it is not there; its address.

    What an earlier call put there and this one does not is removed. BadInput, and nothing uploaded, where the dataset
    is public and `public` was not said; ServiceFailed for whatever hub or network do.
    """
    from httpx2 import HTTPError
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    try:
        address = api.create_repo(repo, repo_type="dataset", private=not public, exist_ok=True)
        if not public and not api.repo_info(repo, repo_type="dataset").private:
            raise BadInput.at("command line", "--repo", repo, "is a public dataset; add --public if that is meant")
        api.upload_folder(
            repo_id=repo, folder_path=folder, repo_type="dataset",
            commit_message="Results of tts-bench", delete_patterns=["data/*", "results/*"],
        )  # fmt: skip
    except (OSError, HTTPError, RuntimeError, ValueError) as error:
        why = secrets.redact(" ".join(str(error).replace(token, secrets.HIDDEN).split()))[:300]
        # Not chained: a traceback would show the request, and the token with it.
        raise ServiceFailed(f"{repo}: the hub did not take it ({why}); run the same command again") from None
    return str(address)
