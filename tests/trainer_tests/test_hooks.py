"""People's own functions: found, described without an import, and errors that say what is not there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer import hooks
from trainer.errors import ConfigError

SOURCE = """
def build(inputs, classes, *, hidden=8, depth): return (inputs, classes, hidden, depth)
def open_ended(inputs, **rest): return rest
class Net:
    def __init__(self, inputs, classes, width=3): self.width = width
number = 3
"""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "hook_net.py").write_text(SOURCE)
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_resolves_from_the_base_folder(base: Path) -> None:
    function = hooks.resolve("hook_net:build", base)
    assert function(1, 2, depth=3) == (1, 2, 8, 3)
    assert hooks.root(function) == base


def test_the_same_name_in_another_folder_is_another_module(base: Path, tmp_path: Path) -> None:
    hooks.resolve("hook_net:build", base)
    other = tmp_path / "other"
    other.mkdir()
    (other / "hook_net.py").write_text("def build(): return 'other'\n")
    assert hooks.resolve("hook_net:build", other)() == "other"


def test_reads_parameters_without_importing(base: Path) -> None:
    found = hooks.parameters("hook_net:build", base)
    assert found == hooks.Parameters(("inputs", "classes", "hidden", "depth"), ("inputs", "classes", "depth"), False)
    assert hooks.parameters("hook_net:open_ended", base).accepts("anything")
    assert "hook_net" not in sys.modules


def test_imports_for_the_parameters_of_a_class(base: Path) -> None:
    assert hooks.parameters("hook_net:Net", base).names == ("inputs", "classes", "width")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("hook_net.build", "model: expected module:function, got 'hook_net.build'"),
        ("hook_met:build", r"there is no module hook_met .* \(did you mean hook_net\?\)"),
        ("hook_net:biuld", r"biuld is not there in .*hook_net.py \(did you mean build\?\)"),
        ("hook_net:number", "number is not a function"),
        ("broken:build", "importing broken failed: ZeroDivisionError"),
        ("lacking:build", "importing lacking failed: no module named no_such_thing"),
    ],
)
def test_an_error_says_what_is_wrong(base: Path, spec: str, expected: str) -> None:
    (base / "broken.py").write_text("1 / 0\ndef build(): ...\n")
    (base / "lacking.py").write_text("import no_such_thing\ndef build(): ...\n")
    with pytest.raises(ConfigError, match=expected):
        hooks.resolve(spec, base)
