import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.errors import ResumeError
from trainer.manifest import folder_name, is_complete, latest_valid, numbered, verify, write_manifest


def checkpoint(parent: Path, number: int, *, sealed: bool = True) -> Path:
    folder = parent / folder_name(number)
    (folder / "inner").mkdir(parents=True)
    (folder / "weights").write_bytes(bytes(range(256)))
    (folder / "inner" / "manifest.json").write_text("not the manifest")
    if sealed:
        write_manifest(folder, {"number": number})
    return folder


def test_a_sealed_folder_verifies(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 3)
    assert is_complete(folder)
    assert verify(folder) == {"number": 3}
    write_manifest(folder, {"number": 4}, durable=True)
    assert verify(folder) == {"number": 4}


def test_without_a_manifest_it_does_not_exist(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 1, sealed=False)
    assert not is_complete(folder)
    with pytest.raises(ResumeError, match=r"r0001: incomplete"):
        verify(folder)


@pytest.mark.parametrize("name", ["weights", "inner/manifest.json"])
def test_one_flipped_bit_names_the_file(tmp_path: Path, name: str) -> None:
    folder = checkpoint(tmp_path, 1)
    path = folder / name
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)
    with pytest.raises(ResumeError, match=rf"{name}: damaged, its sha256"):
        verify(folder)


def test_a_truncated_or_missing_file_is_named(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 1)
    os.truncate(folder / "weights", 100)
    with pytest.raises(ResumeError, match="weights: damaged, 100 bytes instead of 256"):
        verify(folder)
    (folder / "weights").unlink()
    with pytest.raises(ResumeError, match="weights: missing"):
        verify(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"facts": 3, "files": {}}', '{"facts": {}, "files": {"a": 1}}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, text: str) -> None:
    folder = checkpoint(tmp_path, 1)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ResumeError, match=r"manifest\.json: damaged"):
        verify(folder)


def test_names_that_lead_outside_are_refused(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 1)
    (folder / "manifest.json").write_text('{"facts": {}, "files": {"../x": {"bytes": 1, "sha256": ""}}}')
    with pytest.raises(ResumeError, match="lies outside"):
        verify(folder)


def test_the_newest_is_chosen_by_number_and_not_by_the_clock(tmp_path: Path) -> None:
    for number in (2, 9, 10, 10000):
        checkpoint(tmp_path, number)
    os.utime(tmp_path / "r0002", (2e9, 2e9))
    (tmp_path / ".r10001.partial").mkdir()
    (tmp_path / "notes").mkdir()
    assert latest_valid(tmp_path) == (tmp_path / "r10000", [])
    assert latest_valid(tmp_path, at_most=9)[0] == tmp_path / "r0009"
    assert latest_valid(tmp_path, at_most=1) == (None, [])
    assert list(numbered(tmp_path)) == [2, 9, 10, 10000]


def test_falls_back_past_damage_and_says_so(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        checkpoint(tmp_path, number, sealed=number != 3)
    (tmp_path / "r0002" / "weights").write_bytes(b"")
    found, skipped = latest_valid(tmp_path)
    assert found == tmp_path / "r0001"
    assert [str(error).partition(": ")[0] for error in skipped] == [
        str(tmp_path / "r0003"),
        str(tmp_path / "r0002" / "weights"),
    ]


def test_no_folder_no_checkpoint(tmp_path: Path) -> None:
    assert latest_valid(tmp_path / "absent") == (None, [])


def test_the_driver_reads_manifests_and_progress_without_torch() -> None:
    code = (
        "import sys, trainer.manifest, trainer.progress, trainer.metrics; print(*{'torch', 'sklearn'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
