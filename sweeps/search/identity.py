"""When two configurations are one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def identity(params: Mapping[str, Any]) -> str:
    """The same text for equal configurations, whatever the order of their names; 1 and true differ, as in JSON."""
    return json.dumps(params, sort_keys=True, default=str)
