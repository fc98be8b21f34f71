"""Complaints about rows name the line where people will look, and lists of names in them stay short."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from trainer.data.labels import find
from trainer.data.readers import read_table
from trainer.errors import DataError, few, suggest

# A file, and the line at which its last row begins.
FILES = {
    "plain": ("rows.csv", "a,b\n1,2\n3,4\n", 3),
    "no break at the end": ("rows.csv", "a,b\n1,2\n3,4", 3),
    "blank lines": ("rows.csv", "\na,b\n\n1,2\n  \n3,4\n\n", 6),
    "breaks in cells": ("rows.csv", 'a,b\n"1\n\n",2\n"3\n",4\n', 5),
    "quotes in cells": ("rows.csv", 'a,b\n1" pipe,2\n"say ""yes""\n",4\n3,4\n', 5),
    "Windows": ("rows.csv", "\ufeffa,b\r\n1,2\r\n3,4\r\n", 3),
    "tabs": ("rows.tsv", "a\tb\n\t\n3\t4\n", 3),
    "one column": ("rows.csv", "a\n1\n\n3\n", 4),
    "compressed": ("rows.csv.gz", "a,b\n1,2\n\n3,4\n", 4),
    "a long cell": ("rows.csv", f"a,b\n{'x' * 1_000_000},2\n3,4\n", 3),
    "JSON lines": ("rows.jsonl", '{"a": 1}\n\n{"a": 3}\n', 3),
}


@pytest.mark.parametrize("case", FILES)
def test_rows_know_their_lines(case: str, tmp_path: Path) -> None:
    name, text, line = FILES[case]
    raw = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    table = read_table(str(tmp_path / name), "data.train", text=["a"])
    assert str(table.columns["a"][-1]).strip() == "3"
    message = table.bad(table.rows - 1, "a", "is odd").message
    assert message == f"{tmp_path / name}: column 'a', line {line}: is odd"


def test_a_missing_label_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\na,1\n\nb,2\nc,\n")
    with pytest.raises(DataError, match="column 'label', line 5: the label is missing"):
        find(read_table(str(tmp_path / "rows.csv"), "data.train"), "label", None)


@pytest.mark.parametrize(
    ("labels", "value", "mend"),
    [
        (("1", "2", "9"), "99", "known are 1, 2, 9"),  # no number means another one that looks like it
        (("ham", "spam"), "spm", "did you mean spam?"),
        (("ham", "spam"), "7", "known are ham, spam"),
        (tuple(str(n) for n in range(50)), "77", "known are 0, 1, 2, 3, 4, 5 and 44 more"),
    ],
)
def test_an_unknown_label_is_met_with_what_is_known(tmp_path: Path, labels: tuple, value: str, mend: str) -> None:
    (tmp_path / "train.csv").write_text("label\n" + "\n".join(labels) + "\n")
    (tmp_path / "other.csv").write_text(f"label\n{labels[0]}\n{value}\n")
    known = find(read_table(str(tmp_path / "train.csv"), "data.train"), "label", None)
    other = read_table(str(tmp_path / "other.csv"), "file")
    with pytest.raises(DataError) as caught:
        known.encode(other.columns["label"], other, "label")
    assert "line 3" in caught.value.message
    assert caught.value.mend == mend


def test_a_list_of_many_columns_is_cut_to_the_closest(tmp_path: Path) -> None:
    names = [f"sensor {number}" for number in range(200)] + ["kind", "kinds"]
    (tmp_path / "rows.csv").write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    with pytest.raises(DataError) as caught:
        read_table(str(tmp_path / "rows.csv"), "data.train").column("kindd", "data.label")
    assert caught.value.mend.startswith("did you mean kind? its columns are kind, kinds, sensor 0,")
    assert caught.value.mend.endswith(" and 196 more")


def test_short_lists_stay_whole() -> None:
    assert few("abc") == "a, b, c"
    assert few([]) == "none"
    assert suggest("x", ["one", "two"], "there are") == "there are one, two"
    assert suggest("on", ["one", "two"], "there are", always=True) == "did you mean one? there are one, two"
