"""The guide's blocks are read, its errors are the real ones, its Python runs."""

import doctest
import random
import re
from pathlib import Path

import pytest

from search_spaces import load_space
from sweeps.config import from_mapping, load_sweep
from sweeps.errors import InputError
from sweeps.yaml_file import parse_document

GUIDE = Path(__file__).parents[2] / "docs" / "search_spaces.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
PAIRS = list(zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True))
ERRORS = [
    (text, error.strip()) for (kind, text), (_, error) in PAIRS if kind == "yaml" and error.startswith("sweep.yaml:")
]
GOOD = [text for (kind, text), (_, error) in PAIRS if kind == "yaml" and not error.startswith("sweep.yaml:")]
AROUND = 'name: guide\ntrainer: {function: "mine:train"}\nmetric: {name: score, goal: maximize}\ntrials: 4\n'


def test_the_guide_has_blocks_of_every_kind() -> None:
    assert len(GOOD) >= 8
    assert len(ERRORS) >= 5
    assert sum(kind == "pycon" for kind, _ in BLOCKS) == 2


@pytest.mark.parametrize("text", GOOD, ids=[f"block {n}" for n in range(1, len(GOOD) + 1)])
def test_blocks_are_sweeps(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def train(config): ...\n")
    data = parse_document(text if "trainer:" in text else AROUND + text, "guide").data
    made = from_mapping(data, base=tmp_path)
    rng = random.Random(0)
    assert all(made.space.contains(made.space.sample(rng)) for _ in range(50))
    assert load_space(made.space.to_mapping(), made.space.constraints) == made.space
    assert all(made.space.contains(point) for point in made.points)


@pytest.mark.parametrize(
    ("text", "error"), ERRORS, ids=[error.partition(": ")[0] + str(n) for n, (_, error) in enumerate(ERRORS)]
)
def test_errors_are_the_real_ones(text: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("def train(config): ...\n")
    (tmp_path / "sweep.yaml").write_text(text + AROUND)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_sweep("sweep.yaml")
    assert str(caught.value) == error


def test_the_python_runs() -> None:
    failed, tried = doctest.testfile(str(GUIDE), module_relative=False)
    assert (failed, tried > 10) == (0, True)
