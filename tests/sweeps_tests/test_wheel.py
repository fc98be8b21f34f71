"""What a wheel holds, built as `pip install` builds it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """What belongs to the checkout, without what was built or left in it."""
    source = tmp_path_factory.mktemp("source")
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--", "sweeps", "trainer", "search_spaces", "tests", "*.*"]
    files = subprocess.run(listed, capture_output=True, text=True)
    if files.returncode != 0:
        pytest.skip("needs a git checkout, to leave out what is not part of it")
    for name in filter(None, [*files.stdout.split("\0"), "LICENSE"]):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    return source


@pytest.fixture(scope="module")
def names(source, tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", str(out)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    assert wheel.name.startswith("sweepwright-")
    return zipfile.ZipFile(wheel).namelist()


def test_three_packages_and_no_other(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sweeps", "trainer", "search_spaces"}


def test_what_is_read_at_run_time_is_there(names, source):
    for package, pattern in (
        ("sweeps", "recipes/*.yaml"),
        ("sweeps", "views/report/assets/*"),
        ("search_spaces", "presets/*.yaml"),
        ("sweeps", "**/*.py"),
    ):
        expected = {path.relative_to(source).as_posix() for path in (source / package).glob(pattern)}
        assert expected
        assert expected <= set(names)
    for package in ("sweeps", "trainer", "search_spaces"):
        assert f"{package}/py.typed" in names


def test_it_brings_the_command_and_the_licence(names):
    (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    assert f"{info}/entry_points.txt" in names
    assert any(name.startswith(f"{info}/") and name.endswith("LICENSE") for name in names)
