"""Folders of files, Arrow files, and what the data sets' library saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from trainer.config import TrainConfig
from trainer.data import sources, storage
from trainer.data.readers import read_table
from trainer.errors import ConfigError, DataError

ROWS = [{"text": "one", "label": 1}, {"text": "two 🐈", "label": 0}, {"text": "three", "label": 1}]


def config(**data: Any) -> TrainConfig:
    return TrainConfig.build({"model": "x", "data": data})


def tables(**data: Any) -> dict[str, list[str]]:
    return {split: list(table.columns["text"]) for split, table in sources.tables(config(**data).data).items()}


def jsonl(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": text, "label": 0}) + "\n" for text in texts))


@pytest.mark.parametrize("name", ["rows.arrow", "stream.arrow", "rows.feather"])
def test_arrow_files_of_both_formats(tmp_path: Path, name: str) -> None:
    data = pa.Table.from_pylist(ROWS)
    path = tmp_path / name
    if name == "rows.feather":
        pd.DataFrame(ROWS).to_feather(path)
    else:
        kind = pa.ipc.new_stream if name.startswith("stream") else pa.ipc.new_file
        with kind(path, data.schema) as writer:
            writer.write_table(data)
    table = read_table(str(path), "data.train")
    assert list(table.columns["text"]) == ["one", "two 🐈", "three"]
    assert list(table.columns["label"]) == [1, 0, 1]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=f"{name} is not an Arrow file that can be read"):
        read_table(str(path), "data.train")


def test_the_parts_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    jsonl(tmp_path / "rows" / "part-10.jsonl", "c")
    jsonl(tmp_path / "rows" / "part-02.jsonl", "a", "b")
    pd.DataFrame({"text": ["d"], "label": [1], "more": ["m"]}).to_csv(tmp_path / "rows" / "z.csv", index=False)
    (tmp_path / "rows" / "README.md").write_text("# no rows")
    found = sources.tables(config(train=str(tmp_path / "rows")).data)
    assert list(found) == ["train"]
    assert list(found["train"].columns["text"]) == ["a", "b", "c", "d"]
    assert list(found["train"].columns["more"]) == [None, None, None, "m"]
    error = found["train"].bad(2, "text", "is odd")
    assert "part-10.jsonl: column 'text', line 1: is odd" in str(error)


def test_a_folder_with_files_of_all_splits_gives_them_all(tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        jsonl(tmp_path / f"{name}-00000-of-00001.jsonl", name)
    jsonl(tmp_path / "labels.jsonl", "no row")
    jsonl(tmp_path / "own.jsonl", "own")
    folder = str(tmp_path)
    assert tables(train=folder) == {"train": ["train"], "validation": ["dev"], "test": ["test"]}
    own = str(tmp_path / "own.jsonl")
    assert tables(train=folder, validation=own, retain=own) == {
        "train": ["train"],
        "validation": ["own"],
        "test": ["test"],
        "retain": ["own"],
    }
    with pytest.raises(DataError, match=r"data.retain: .* holds no file of retain rows \(it holds those of train, val"):
        tables(train=folder, retain=folder)


def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.md").write_text("x")
    with pytest.raises(DataError, match=r"data.train: .*empty holds no file of rows \(it holds notes.md\)"):
        sources.check(config(train=str(tmp_path / "empty")).data)
    jsonl(tmp_path / "rows" / "a.jsonl", "a")
    (tmp_path / "rows" / "b.jsonl").write_text("")
    with pytest.raises(DataError, match=r"data.train: .*b.jsonl is empty"):
        sources.check(config(train=str(tmp_path / "rows")).data)
    jsonl(tmp_path / "one.jsonl", "a")
    with pytest.raises(ConfigError, match=r"data.retain: .* is not there"):
        sources.check(config(train=str(tmp_path / "one.jsonl"), retain="absent.jsonl").data)


def test_the_fingerprint_follows_every_part_and_the_second_set(tmp_path: Path) -> None:
    jsonl(tmp_path / "rows" / "a.jsonl", "a")
    jsonl(tmp_path / "rows" / "b.jsonl", "b")
    jsonl(tmp_path / "more.jsonl", "c")

    def name(**data: Any) -> str:
        return storage.fingerprint(sources.facts(config(train=str(tmp_path / "rows"), **data).data))

    first, again, second = name(), name(), name(retain=str(tmp_path / "more.jsonl"))
    assert first == again != second
    jsonl(tmp_path / "rows" / "b.jsonl", "other")
    assert name() != first
    jsonl(tmp_path / "more.jsonl", "other too")
    assert name(retain=str(tmp_path / "more.jsonl")) != second


def test_what_the_data_sets_library_saved(tmp_path: Path) -> None:
    import datasets

    rows = datasets.Dataset.from_list(ROWS).select([2, 0])
    rows.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": rows, "test": rows.select([1])}).save_to_disk(tmp_path / "many")
    assert tables(name=str(tmp_path / "one")) == {"train": ["three", "one"]}
    assert tables(name=str(tmp_path / "many")) == {"train": ["three", "one"], "test": ["one"]}
    with pytest.raises(DataError, match=r"written by datasets' save_to_disk \(write data: {name: "):
        tables(train=str(tmp_path / "one"))


def test_a_folder_by_name_resolves_from_the_sweep_file_and_hub_names_stay(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    found = config(name="saved", retain="more.jsonl").resolve_paths(tmp_path).data
    assert (found.name, found.retain) == (str(tmp_path / "saved"), str(tmp_path / "more.jsonl"))
    assert config(name="stanfordnlp/imdb").resolve_paths(tmp_path).data.name == "stanfordnlp/imdb"
