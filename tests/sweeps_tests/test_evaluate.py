"""``sweeps evaluate`` on rows that do not fit: one line that says which, and how to mend it there."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.datasets import load_digits

from sweeps.take_home.export import export_trial

# What is done to the rows, the options, and parts of the line that comes of it.
BAD = {
    "a label that the model does not know": (
        lambda rows: rows.assign(label=[44, *rows["label"][1:]]),
        (),
        ("rows.csv: column 'label', line 2: '44' is not a label of the train rows; known are 0, 1, 2, 3, 4, ",),
    ),
    "no label": (lambda rows: rows.assign(label=[None, *rows["label"][1:]]), (), ("line 2: the label is missing",)),
    "a word among the numbers": (
        lambda rows: rows.assign(pixel_0_0=["x", *rows["pixel_0_0"][1:]]),
        (),
        ("column 'pixel_0_0', line 2: 'x' is not a number; mend it or drop the row",),
    ),
    "a column that is not there": (
        lambda rows: rows,
        ("--label", "lable"),
        ("sweeps: --label: ", "did you mean label? its columns are label, ", "and 59 more"),
    ),
}


@pytest.fixture(scope="module")
def exported(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "out"
    export_trial(finished, out)
    return out


@pytest.mark.parametrize("case", BAD)
def test_rows_that_do_not_fit_are_one_line(cli, exported, tmp_path, case):
    spoil, options, parts = BAD[case]
    rows = load_digits(as_frame=True).frame.rename(columns={"target": "label"}).head(20)
    spoil(rows).to_csv(tmp_path / "rows.csv", index=False)
    said = cli("evaluate", exported, tmp_path / "rows.csv", *options)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(("sweeps: /", "sweeps: --"))
    for part in parts:
        assert part in said.err
