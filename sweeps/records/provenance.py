"""What results depend on besides the configuration: versions of packages, and the state of the user's code."""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path

_PACKAGES = ("sweepwright", "ray", "torch", "transformers", "datasets", "scikit-learn", "optuna")


def versions() -> dict[str, str]:
    """The installed versions of what results depend on."""
    found: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_state(folder: Path) -> str | None:
    """The commit that ``folder`` is at, with a mark where it has changes; ``None`` outside a repository."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        changed = " with uncommitted changes" if git("status", "--porcelain", "--untracked-files=no") else ""
        return git("rev-parse", "HEAD") + changed
    except (OSError, subprocess.SubprocessError):
        return None
