"""The published curves, where they lie beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "benchmarks"


real = pytest.mark.skipif(not SHARED.exists(), reason="needs the published curves beside the checkout")
