"""Files that are no YAML, or hostile, give one line with file, line and mend, and quickly."""

from pathlib import Path

import pytest

from tests.sweeps_tests.sweep_texts import GOOD, Case, check_case, refused

TABLE: dict[str, Case] = {
    "not a mapping": (GOOD, "- 1\n- 2", 1, "", "a list", "name: my-sweep"),
    "empty file": (GOOD, "", 1, "", "nothing", "name: my-sweep"),
    "not YAML": ("accuracy", "[accuracy", 8, "", "not YAML", "brackets"),
    "tab": ("  epochs", "\tepochs", 6, "", "not YAML", "spaces"),
    "NUL": ("accuracy", "accu\0racy", 7, "", "NUL", "remove"),
    "key read as a boolean": ("trials: 4", "no: 4", 10, "", "'no' is read as False", "quote it"),
    "tag": ("accuracy", "!!python/object:os.system accuracy", 7, "", "python/object", "plain values"),
    "alias without an anchor": ("accuracy", "*acc", 7, "", "*acc", "&name"),
    "alias bomb": (
        GOOD,
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "\n".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)),
        5,
        "",
        "20,000 values",
        "range",
    ),
    "deep nesting": (GOOD, "a: " + "[" * 100_000, 1, "", "50 levels", "flatten"),
    "a list of half a million": (GOOD, "a: [" + "1," * 500_000 + "1]", 1, "", "20,000 values", "range"),
    "10 MB": (GOOD, "a: " + "x" * 10_000_000, 0, "", "10,000,003 bytes", "sweep file"),
    "a value of 1 MB": ("name: demo", f"name: {'x' * 1_000_000}", 1, "name", "'xxx", "shorter"),
    "a key of 1 MB": ("trials: 4", f"{'x' * 1_000_000}: 4", 10, "", "not YAML", "brackets"),
    "a key of a thousand letters": ("trials: 4", f"{'x' * 1000}: 4", 10, "x" * 40, "unknown key", "known are"),
    "a number of a thousand digits": ("trials: 4", f"trials: {'9' * 1000}", 10, "", "1000 digits", "plain values"),
}


@pytest.mark.parametrize("case", TABLE)
def test_bad_yaml_is_one_clear_line(case: str, tmp_path: Path) -> None:
    check_case(TABLE[case], tmp_path)


def test_not_utf8_and_missing_and_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_bytes(b"name: demo\ntrainer: \xff\n")
    error = refused(path)
    assert error.where == f"{path}:2"
    assert "UTF-8" in error.message
    assert "no such file" in refused(tmp_path / "nope.yaml").message
    assert "directory" in refused(tmp_path).message.lower()
