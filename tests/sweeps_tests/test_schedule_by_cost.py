"""ASHA that pauses while going on again is cheap, and stops while it is dear."""

from __future__ import annotations

import pytest

from sweeps.schedule.asha import DEAREST_RESUME, AshaScheduler
from tests.sweeps_tests.schedule_kit import check_decisions


def test_auto_stops_while_resuming_is_dear_and_pauses_while_it_is_cheap() -> None:
    table = f"""
        a 1 0.5 pause
        b 1 0.4 pause
        costs {DEAREST_RESUME}
        c 1 0.3 pause
        next a
        costs {DEAREST_RESUME + 0.1}
        next -
        last a
        d 1 0.5 continue
        e 1 0.4 stop
        f 1 0.9 continue
        d 3 0.1 continue
        f 3 0.2 continue
        b 1 0.4 pause
        costs -1
        next a
        g 1 0.1 pause
        h 1 0.1 pause
        i 1 0.1 pause
        next a
        start a
        a 3 0.3 continue
        e 1 0.4 stop
    """  # rung 1: f is the best, then a and d with equal scores, of which a came first
    check_decisions(AshaScheduler(mode="auto"), table)


def test_a_cost_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        AshaScheduler(mode="auto").costs(float("nan"))
