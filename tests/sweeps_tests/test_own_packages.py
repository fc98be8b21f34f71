"""``trainer`` and ``sweeps`` are names of other people's packages too: a foreign one is noticed, by name."""

import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

import sweeps
from sweeps import own_packages
from sweeps.errors import SweepError


def test_ours_pass():
    own_packages.check()


@pytest.mark.parametrize("name", ["trainer", "search_spaces"])
def test_a_file_of_that_name_before_ours_is_named(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("print('somebody else is imported')\n")
    code = "from sweeps import own_packages; own_packages.check()"
    path = f"{tmp_path}:{':'.join(p for p in sys.path if p)}:{sweeps.__path__[0]}/.."
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env={"PYTHONPATH": path, "PATH": ""}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"import {name} gives {tmp_path / name}.py" in done.stderr


def test_the_message_says_whose_it_is_and_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(own_packages, "packages_distributions", lambda: {"trainer": ["coqui-trainer"]})
    foreign = type("Module", (), {"__file__": str(tmp_path / "trainer" / "__init__.py")})
    monkeypatch.setattr(own_packages, "import_module", lambda name: foreign)
    with pytest.raises(SweepError, match=r"coqui-trainer.*rename that, or install"):
        own_packages.check()


def test_the_three_packages_come_from_one_distribution():
    owners = packages_distributions()
    for name in ("sweeps", "trainer", "search_spaces"):
        assert set(owners.get(name, ["sweepwright"])) == {"sweepwright"}
