"""YAML as people write it, with the lines of its keys."""

from pathlib import Path
from typing import Any

import pytest

from sweeps.yaml_file import read_yaml
from tests.sweeps_tests.sweep_texts import written


def test_lines_are_known_for_nested_keys(tmp_path: Path) -> None:
    document = read_yaml(written(tmp_path, "a: 1\nb:\n  c: [1,\n    2]\n"))
    assert [document.line(key) for key in ("a", "b.c", "b.c.1", "b.c.d.e", "z")] == [1, 3, 4, 3, None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E5", 1e5),
        (".5", 0.5),
        ("1_000", 1000),
        ("-3", -3),
        ("no", False),
        ("'no'", "no"),
        ("On", True),
        ("~", None),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1e", "1e"),
        ("nan", "nan"),
        ("0x10", 16),
        ("007", 7),
        ("none", "none"),
        ("&a [1]", [1]),
        ("!!str 1", "1"),
    ],
)
def test_unquoted_words_mean_what_people_mean(text: str, value: Any, tmp_path: Path) -> None:
    read = read_yaml(written(tmp_path, f"\ufeffkey: {text}\n")).data["key"]
    assert read == value
    assert type(read) is type(value)


def test_aliases_and_merges_are_copies(tmp_path: Path) -> None:
    text = "a: &a {x: 1, y: [2]}\nb: *a\nc: {<<: *a, x: 3}\n"
    data = read_yaml(written(tmp_path, text)).data
    assert data["c"] == {"x": 3, "y": [2]}
    data["b"]["y"].append(3)
    assert data["a"]["y"] == [2]
