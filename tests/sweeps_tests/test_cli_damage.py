"""The command line on a sweep folder that was damaged: what can be used is used and the rest is said, or refused."""

import json

import pytest

from tests.sweeps_tests.local_sweep import flip_a_byte

LOOKING = ["status", "list", "best"]


@pytest.fixture
def ledger(own_copy):
    return own_copy / "records.jsonl"


def test_a_last_line_that_is_torn_is_no_news(cli, own_copy, ledger):
    ledger.write_bytes(ledger.read_bytes()[:-9])
    for command in LOOKING:
        said = cli(command, own_copy)
        assert (said.code, said.err) == (0, "")
        assert said.out


def test_damage_further_up_is_said_and_what_comes_before_it_is_used(cli, own_copy, ledger, caplog):
    lines = ledger.read_text().splitlines(keepends=True)
    cut = next(n for n, line in enumerate(lines) if '"t0002"' in line)
    ledger.write_text("".join([*lines[:cut], '{"n": 1\n', *lines[cut + 1 :]]))
    said = cli("list", own_copy, "--json")
    assert said.code == 0
    assert [trial["trial"] for trial in json.loads(said.out)] == ["t0001"]
    assert f"damaged in line {cut + 1}" in caplog.text


@pytest.mark.parametrize("command", [*LOOKING, "resume", "export"])
def test_lines_of_another_sweep_are_refused(cli, own_copy, ledger, command):
    lines = ledger.read_text().splitlines(keepends=True)
    foreign = {**json.loads(lines[-1]), "n": len(lines) + 1, "sweep": "feedfacecafe"}
    ledger.write_text("".join([*lines, json.dumps(foreign) + "\n"]))
    said = cli(command, own_copy, *(["out"] if command == "export" else []))
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert f"line {len(lines) + 1} belongs to another sweep ('feedfacecafe'" in said.err


@pytest.mark.parametrize("command", [*LOOKING, "resume", "export"])
def test_a_file_that_is_no_ledger_is_refused_and_left_alone(cli, own_copy, ledger, command):
    ledger.write_bytes(content := b"\x89PNG\r\n\x1a\n" + bytes(200))
    said = cli(command, own_copy, *(["out"] if command == "export" else []))
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "records.jsonl: broken: " in said.err
    assert "restore the file" in said.err
    assert ledger.read_bytes() == content


@pytest.mark.parametrize("command", [*LOOKING, "resume"])
def test_a_sweep_whose_driver_died_before_its_first_line_never_began(cli, own_copy, ledger, command):
    ledger.write_bytes(b"")
    said = cli(command, own_copy)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "the sweep never began; run it again" in said.err


def test_a_configuration_that_was_edited_is_not_resumed(cli, own_copy):
    file = own_copy / "sweep.yaml"
    file.write_text(file.read_text().replace("trials: 3", "trials: 4"))
    said = cli("resume", own_copy)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "this file was changed since the sweep began" in said.err
    assert cli("list", own_copy).code == 0


def test_a_configuration_that_is_missing_is_named(cli, own_copy):
    (own_copy / "sweep.yaml").unlink()
    said = cli("export", own_copy, "out")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "sweep.yaml" in said.err


def test_a_flipped_bit_is_said_and_the_next_best_is_shown(cli, own_copy, caplog):
    first = json.loads(cli("best", own_copy, "--json").out)
    flip_a_byte(own_copy / first["checkpoint"] / "model.safetensors")
    said = cli("best", own_copy, "--json")
    second = json.loads(said.out)
    assert said.code == 0
    assert second["checkpoint"] != first["checkpoint"]
    assert "model.safetensors: damaged" in caplog.text
    assert cli("export", own_copy, "out").out.startswith(f"{second['trial']} ")
