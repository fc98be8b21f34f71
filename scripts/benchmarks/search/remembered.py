"""Numbers that take long to compute, kept in files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path


def remembered(
    store: Path | None, data: Path, made_of: Mapping[str, object], compute: Callable[[], list[float]]
) -> list[float]:
    """``compute()``, or what it gave for the same ``made_of`` and the same files in the folder ``data``.

    Without ``store`` it is computed each time.
    """
    if store is None:
        return compute()
    digest = hashlib.blake2b(json.dumps(made_of, sort_keys=True).encode(), digest_size=8)
    for file in sorted(data.iterdir()):
        if file.is_file():
            digest.update(file.read_bytes())
    path = store / f"reference-{digest.hexdigest()}.json"
    if path.exists():
        return [float(number) for number in json.loads(path.read_text())]
    numbers = compute()
    store.mkdir(parents=True, exist_ok=True)
    # Written beside and moved: processes may compute the same numbers at the same time.
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(numbers))
    unfinished.replace(path)
    return numbers
