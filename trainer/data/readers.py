"""Files of rows: JSON lines, JSON, CSV, Parquet, Arrow and plain text, each also as ``.gz``."""

from __future__ import annotations

import gzip
import io
import json
import warnings
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.data import csv_lines, plain_text
from trainer.data.tables import Table, shown
from trainer.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

FORMATS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".feather", ".txt")


def is_known(name: str) -> bool:
    """Whether a file's name tells a format that can be read."""
    return name.lower().removesuffix(".gz").endswith(FORMATS)


def suffix(path: str, key: str) -> str:
    """The format of a file by its name.

    Raises:
        ConfigError: none that is known.
    """
    name = Path(path).name.lower().removesuffix(".gz")
    found = next((ending for ending in FORMATS if name.endswith(ending)), None)
    if found is None:
        raise ConfigError(key, f"{path} is of no known format", f"one of {', '.join(FORMATS)}, each also with .gz")
    return found


def check_file(path: str, key: str) -> None:
    """Refuse a file that is not there, is empty or is of no known format, without reading it.

    Raises:
        ConfigError: no known format.
        DataError: no such file, a folder, or zero bytes.
    """
    suffix(path, key)
    file = Path(path)
    if not file.is_file():
        near = sorted(p.name for p in file.parent.glob(f"*{file.suffix}"))[:6] if file.parent.is_dir() else []
        what = "is a folder, not a file" if file.is_dir() else "is not there"
        raise DataError(key, f"{path} {what}", f"beside it: {', '.join(near)}" if near else "")
    if not file.stat().st_size:
        raise DataError(key, f"{path} is empty")


def read_table(path: str, key: str, *, text: Collection[str] | None = None, sample_by: str | None = None) -> Table:
    """The rows of a file.

    Args:
        path: the file; its name tells the format.
        key: the setting that named it.
        text: columns of a CSV to take as text, whatever stands there; the others become numbers where
            every cell is one. ``None``: all are text.
        sample_by: of a ``.txt``, whose column is ``text``: each ``line`` that is not blank is a row, or the whole
            ``document`` is one, which is the default.

    Raises:
        DataError: missing, empty, damaged or malformed, with the line where there is one.
    """
    check_file(path, key)
    content = _content(path, key)
    kind = suffix(path, key)
    if kind in (".jsonl", ".ndjson"):
        table = _json_lines(content, path, key)
    elif kind == ".json":
        table = _json(content, path, key)
    elif kind == ".parquet":
        table = _parquet(content, path, key)
    elif kind in (".arrow", ".feather"):
        table = _arrow(content, path, key)
    elif kind == ".txt":
        table = plain_text.read(content, path, key, sample_by or "document")
    else:
        table = _csv(content, path, key, text, "\t" if kind == ".tsv" else ",")
    if not table.rows:
        raise DataError(key, f"{path} holds no rows")
    return table


def labelled_table(
    rows: str | Path | Sequence[Mapping[str, Any]],
    *,
    text: Collection[str] | None = None,
    sample_by: str | None = None,
) -> Table:
    """Rows to evaluate on: of a file (see ``read_table``), or mappings by column.

    Raises:
        DataError: as ``read_table``; no rows, or rows that are no mappings.
    """
    if isinstance(rows, str | Path):
        return read_table(str(rows), "file", text=text, sample_by=sample_by)
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise DataError("rows", "expected mappings by column, one or more")
    names = dict.fromkeys(name for row in rows for name in row)
    return Table("rows", "rows", {name: [row.get(name) for row in rows] for name in names}, len(rows))


def _content(path: str, key: str) -> bytes:
    try:
        content = Path(path).read_bytes()
        return gzip.decompress(content) if path.lower().endswith(".gz") else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(key, f"cannot read {path}: {error}") from error


def _json_lines(content: bytes, path: str, key: str) -> Table:
    rows, lines = [], []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DataError(key, f"{path}: line {number} is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise DataError(key, f"{path}: line {number} holds {shown(row)}, not an object")
        rows.append(row)
        lines.append(number)
    return Table(key, path, _columns(rows), len(rows), lines.__getitem__)


def _json(content: bytes, path: str, key: str) -> Table:
    try:
        rows = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(key, f"{path} is not JSON: {error}", "one object a line is .jsonl") from None
    if not isinstance(rows, list):
        raise DataError(key, f"{path} holds no list of objects")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(key, f"{path}: row {number} is {shown(row)}, not an object")
    return Table(key, path, _columns(rows), len(rows))


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _parquet(content: bytes, path: str, key: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        data = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise DataError(key, f"{path} is not a Parquet file that can be read: {error}") from None
    return _of_arrow(data, path, key)


def _arrow(content: bytes, path: str, key: str) -> Table:
    import pyarrow as pa

    # Feather and files of other programs are Arrow's file format, those of ``datasets`` its stream format.
    is_file = content.startswith(b"ARROW1")
    try:
        opened = (pa.ipc.open_file if is_file else pa.ipc.open_stream)(io.BytesIO(content))
        data = opened.read_all()
    except (pa.ArrowException, OSError) as error:
        raise DataError(key, f"{path} is not an Arrow file that can be read: {error}") from None
    return _of_arrow(data, path, key)


def _of_arrow(data: Any, path: str, key: str) -> Table:
    import pyarrow as pa

    columns = {}
    for name in data.column_names:
        column = data.column(name)
        numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        # Lists keep whole numbers whole beside a missing one, where pandas would make them floats.
        columns[name] = column.to_numpy() if numeric and not column.null_count else column.to_pylist()
    return Table(key, path, columns, data.num_rows)


def _csv(content: bytes, path: str, key: str, text: Collection[str] | None, delimiter: str) -> Table:
    import pandas as pd

    def parse(**options: Any) -> pd.DataFrame:
        source = io.BytesIO(content)
        with warnings.catch_warnings():
            # Rows with more cells than the header would lose the last ones.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame: pd.DataFrame = pd.read_csv(source, sep=delimiter, encoding="utf-8-sig", index_col=False, **options)
        return frame

    # "NA" and "null" are words where text is meant; an empty cell is missing everywhere.
    words: dict[str, Any] = {"dtype": object, "keep_default_na": False, "na_values": [""]}
    try:
        if text is None:
            frame = parse(**words)
        else:
            frame = parse(low_memory=False)
            asked = [name for name in text if name in frame.columns]
            if asked:
                frame[asked] = parse(usecols=asked, **words)[asked]
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(key, f"{path}: line {line} is not UTF-8: {error.reason}") from None
    except (pd.errors.ParserWarning, pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        if found := csv_lines.malformed(content, delimiter):
            raise DataError(key, f"{path}: {found}", "quote cells that hold the delimiter, on both sides") from None
        raise DataError(key, f"{path} is not a CSV file that can be read: {str(error).strip()}") from None
    columns: dict[str, Any] = {}
    for name in frame.columns:
        column = frame[name]
        numeric = column.dtype.kind in "biuf"
        columns[str(name)] = (
            column.to_numpy() if numeric else column.astype(object).where(column.notna(), None).tolist()
        )

    def line_of(row: int) -> int | None:
        return csv_lines.line_of_row(_content(path, key), delimiter, row)  # read again: not to be held for an error

    return Table(key, path, columns, len(frame), line_of)
