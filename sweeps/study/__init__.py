"""The sweep itself, without Ray: which trial next, what becomes of it, and the ledger line for each."""

from sweeps.study.assignment import Assignment
from sweeps.study.study import Study

__all__ = ["Assignment", "Study"]
