"""Settings of all tests."""

from __future__ import annotations

import gc
import os
import signal
import threading

import pytest
from hypothesis import HealthCheck, settings

# So that what fails in a suite or a kit shows its values, as in a test.
pytest.register_assert_rewrite("tests.conformance", "tests.end_to_end.harness", "tests.sweeps_tests.schedule_kit")

# Tests neither read nor write what this machine remembers; those of the archive have one of their own.
os.environ["SWEEPWRIGHT_ARCHIVE"] = "off"

# A shell ignores Ctrl-C for what it starts in the background, and children inherit that: tests send it to theirs.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Machines are shared: that drawing examples or one of them took long is no fault of ours.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("patient"), max_examples=30)


def pytest_configure(config: pytest.Config) -> None:
    """Draw fewer examples in the fast part."""
    settings.load_profile("fast" if "not slow" in config.option.markexpr else "patient")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported: libraries collect after every training, and would walk over it."""
    gc.collect()
    gc.freeze()
