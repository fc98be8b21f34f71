"""Files of rows: every format, and what is wrong with a bad one is said with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from trainer.data import texts
from trainer.data.readers import read_table
from trainer.errors import ConfigError, DataError

ROWS = [{"text": "one, two", "label": "a"}, {"text": "שלום 🐈", "label": "NA"}]


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> str:
    path = folder / name
    plain = path.with_name(name.removesuffix(".gz"))
    if ".jsonl" in name:
        plain.write_text("\n".join(json.dumps(row) for row in rows))
    elif ".json" in name:
        plain.write_text(json.dumps(rows), "utf-8")
    elif ".parquet" in name:
        pd.DataFrame(rows).to_parquet(plain)
    else:
        pd.DataFrame(rows).to_csv(plain, index=False, sep="\t" if ".tsv" in name else ",")
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(plain.read_bytes()))
    return str(path)


@pytest.mark.parametrize("gz", ["", ".gz"])
@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, ending: str, gz: str) -> None:
    table = read_table(written(tmp_path, f"rows.{ending}{gz}", ROWS), "data.train")
    assert table.rows == 2
    assert {name: list(values) for name, values in table.columns.items()} == {
        name: [row[name] for row in ROWS] for name in ("text", "label")
    }


def test_plain_text_is_a_document_or_lines(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    whole = "one two\r\n\n שלום 🐈\u2028three\n"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + whole.encode()))
    assert read_table(str(path), "data.train").columns == {"text": [whole]}
    lines = read_table(str(path), "data.train", sample_by="line")
    assert lines.columns == {"text": ["one two", " שלום 🐈\u2028three"]}
    assert "line 3: bad" in str(lines.bad(1, "text", "bad"))


def test_numbers_stay_numbers_in_a_table_of_features(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,label\n1,007\n2.5,NA\n")
    table = read_table(str(path), "data.train", text=["label"])
    assert list(table.columns["x"]) == [1.0, 2.5]
    assert list(table.columns["label"]) == ["007", "NA"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("rows.jsonl", b"", "rows.jsonl is empty"),
        ("rows.jsonl", b"\n\n", "holds no rows"),
        ("rows.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is not JSON"),
        ("rows.jsonl", b'{"a": 1}\n\n[1]\n', r"line 3 holds \[1\], not an object"),
        ("rows.jsonl", b'{"a": "\xff"}\n', "line 1 is not JSON: .*utf-8"),
        ("rows.jsonl", b'{"a": "raw \x00 byte"}\n', "line 1 is not JSON: Invalid control character"),
        ("rows.jsonl", b"[" * 200_000, "line 1 is not JSON"),
        ("rows.jsonl.gz", b"no gzip", "cannot read .*rows.jsonl.gz"),
        ("rows.json", b'{"a": 1}', "holds no list of objects"),
        ("rows.json", b"[1]", "row 1 is 1, not an object"),
        ("rows.csv", b"text,label\n", "holds no rows"),
        ("rows.csv", b"text,label\na,b,1\n", "line 2 has 3 cells, the header names 2"),
        ("rows.csv", b"text,label\nb,1\na,b,1\n", "line 3 has 3 cells, the header names 2"),
        ("rows.csv", b'text,label\n"a\n\nb",1\n\n"c,1\nd,0\n', "line 6 has a quote that is never closed"),
        ("rows.csv", b"text,label\nfine,1\n\xff,0\n", "line 3 is not UTF-8"),
        ("rows.txt", b" \n\n", "holds no rows"),
        ("rows.txt", b"fine\n\n\xff\n", "line 3 is not UTF-8"),
        ("rows.parquet", b"PAR1 and no more", "not a Parquet file"),
    ],
)
def test_a_damaged_file_is_named_with_the_line(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=expected) as caught:
        read_table(str(tmp_path / name), "data.train")
    assert caught.value.key == "data.train"
    assert name in str(caught.value)


def test_a_missing_file_lists_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("{}")
    with pytest.raises(DataError, match=r"data.train: .*trian.jsonl is not there \(beside it: train.jsonl\)"):
        read_table(str(tmp_path / "trian.jsonl"), "data.train")
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        read_table(str(tmp_path / "x.csv"), "data.train")
    with pytest.raises(ConfigError, match=r"no known format \(one of .jsonl"):
        read_table(str(tmp_path / "rows.xlsx"), "data.train")


def test_a_missing_column_lists_those_there_are(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "rows.csv", ROWS), "data.train")
    with pytest.raises(
        DataError, match=r"data.text: .*no column 'txt' \(did you mean text\? its columns are text, label"
    ):
        table.column("txt", "data.text")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "the text is missing"),
        (3, "3 is not text"),
        (["a"], r"\['a'\] is not text"),
        ("\ud800", "half of a surrogate"),
    ],
)
def test_a_bad_text_is_named_with_column_and_line(tmp_path: Path, value: object, expected: str) -> None:
    rows = [{"text": "fine"}, {"text": value}]
    table = read_table(written(tmp_path, "rows.jsonl", rows), "data.validation")
    with pytest.raises(DataError, match=rf"data.validation: .*rows.jsonl: column 'text', line 2: {expected}"):
        texts.read(table, "text", "data.text")


def test_any_valid_unicode_is_text(tmp_path: Path) -> None:
    rows = [{"text": value} for value in ("", "a\x00b", "🐈‍⬛", "שלום", "line\u2028sep", "x" * 1_000_000)]
    table = read_table(written(tmp_path, "rows.jsonl", rows), "data.train")
    assert texts.read(table, "text", "data.text") == [row["text"] for row in rows]


def test_an_empty_cell_of_a_csv_is_missing_and_null_a_word(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\nnull,1\n,0\n")
    table = read_table(str(tmp_path / "rows.csv"), "data.train")
    with pytest.raises(DataError, match="column 'text', line 3: the text is missing"):
        texts.read(table, "text", "data.text")
