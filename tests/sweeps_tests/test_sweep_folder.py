"""A sweep's folder: whose name is in use and whose is not, and where none can be made."""

import pytest

from sweeps.engine.sweep_folder import never_began, new_folder
from sweeps.errors import InputError
from sweeps.records.ledger import Ledger


def test_a_new_folder_is_made_with_those_above_it(tmp_path):
    folder = new_folder(tmp_path / "deep" / "storage", "a")
    assert folder == tmp_path / "deep" / "storage" / "a"
    assert never_began(folder)


def test_a_name_that_is_in_use_is_refused_with_both_ways_out(tmp_path):
    folder = new_folder(tmp_path, "a")
    with Ledger.open(folder, create=True) as ledger:
        ledger.append("sweep", name="a")
    with pytest.raises(InputError, match=r"sweeps resume .*/a`, or choose another --name"):
        new_folder(tmp_path, "a")


@pytest.mark.parametrize("left", [[], ["cache/x"], ["sweep.yaml"], ["sweep.yaml", "records.jsonl", "driver.lock"]])
def test_a_name_is_free_again_when_its_driver_was_killed_before_the_first_line(tmp_path, left):
    folder = new_folder(tmp_path, "a")
    for name in left:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    assert new_folder(tmp_path, "a") == folder


def test_a_first_line_that_is_half_there_is_none(tmp_path):
    folder = new_folder(tmp_path, "a")
    (folder / "records.jsonl").write_text('{"n": 1, "eve')
    assert new_folder(tmp_path, "a") == folder


@pytest.mark.parametrize("mine", ["notes.txt", "trials/t0001/log.txt", "model.safetensors"])
def test_a_folder_with_anything_else_in_it_is_in_use(tmp_path, mine):
    (tmp_path / "a" / mine).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "a" / mine).write_text("mine")
    with pytest.raises(InputError, match="there already"):
        new_folder(tmp_path, "a")


def test_a_file_of_that_name_is_in_the_way(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(InputError, match="there already"):
        new_folder(tmp_path, "a")


def test_storage_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "storage").write_text("mine")
    with pytest.raises(InputError, match=r"storage: cannot be written: .*; choose --storage"):
        new_folder(tmp_path / "storage", "a")
