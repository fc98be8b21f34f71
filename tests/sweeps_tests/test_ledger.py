import errno
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from sweeps.errors import InputError
from sweeps.records.ledger import RECORDS, Ledger, LedgerError, read_events


@pytest.fixture
def folder(tmp_path):
    with Ledger.open(tmp_path, create=True) as ledger:
        ledger.append("sweep", name="digits", metric="accuracy", goal="maximize", planned=2, attempt=1)
        ledger.append("trial", trial="t0001", params={"learning_rate": 1e-3}, number=1)
        ledger.append("report", trial="t0001", attempt=1, report=1, metrics={"accuracy": 0.5})
        ledger.append("note", text="naïve — 日本語 🙂\u2028")
    return tmp_path


def test_events_are_numbered_and_come_back_as_they_were_returned(tmp_path):
    with Ledger.open(tmp_path, create=True) as ledger:
        returned = [
            ledger.append("sweep", name="digits"),
            ledger.append("trial", trial="t0001", params={"sizes": (8, 16), "lr": np.float32(0.5), "n": np.int64(3)}),
        ]
    events, damage = read_events(tmp_path)
    assert events == returned
    assert damage is None
    assert [event["n"] for event in events] == [1, 2]
    assert events[1]["params"] == {"sizes": [8, 16], "lr": 0.5, "n": 3}
    assert events[0]["id"] == events[1]["sweep"] == ledger.id


def test_a_reopened_ledger_goes_on_counting(folder):
    with Ledger.open(folder, create=False) as ledger:
        assert len(ledger.past) == 4
        assert ledger.append("sweep", attempt=2)["n"] == 5
    assert len(read_events(folder)[0]) == 5


def test_order_is_by_number_not_by_the_clock(folder, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1.0)  # FAULTS row 39: long before the first lines
    with Ledger.open(folder, create=False) as ledger:
        ledger.append("note", text="later")
    assert read_events(folder)[0][-1]["text"] == "later"


def test_a_last_line_torn_at_any_byte_costs_that_line_only(folder):
    path = folder / RECORDS
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(start, len(whole)):
        path.write_bytes(whole[:cut])
        events, damage = read_events(folder)
        assert len(events) == 3
        with Ledger.open(folder, create=False) as ledger:
            assert ledger.damage == damage
            assert ledger.append("note", text="after")["n"] == 4
        if cut > start:
            assert damage.torn
            assert damage.line == 4
            assert str(cut - start) in damage.text
        events, damage = read_events(folder)
        assert [event["n"] for event in events] == [1, 2, 3, 4]
        assert damage is None


@pytest.mark.parametrize(
    "tail", [b"\0\0\0\n", b'{"n":5}\n', b"[]\n", b'{"n":5,"time":1,"sweep":"x","event":"no', b"\xff\xfe\n"]
)
def test_a_broken_last_line_is_cut_away(folder, tail):
    with (folder / RECORDS).open("ab") as file:
        file.write(tail)
    assert len(read_events(folder)[0]) == 4
    with Ledger.open(folder, create=False) as ledger:
        assert ledger.damage.torn
    assert read_events(folder)[1] is None


def test_damage_in_the_middle_keeps_the_valid_prefix_and_the_rest_aside(folder):
    path = folder / RECORDS
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1] + b"###" + lines[2][3:] + lines[3])
    events, damage = read_events(folder)
    assert len(events) == 2
    assert (damage.line, damage.torn) == (3, False)
    with Ledger.open(folder, create=False) as ledger:
        assert "kept in" in ledger.damage.text
        assert ledger.append("note", text="on")["n"] == 3
    assert read_events(folder)[1] is None
    (aside,) = folder.glob("records.damaged-*.jsonl")
    assert aside.read_bytes().endswith(lines[3])


@pytest.mark.parametrize("number", [2, 9, "4"])
def test_a_line_out_of_order_is_damage(folder, number):
    line = json.dumps({"n": number, "time": 1.0, "sweep": read_events(folder)[0][0]["sweep"], "event": "note"})
    with (folder / RECORDS).open("a") as file:
        file.write(line + "\n")
    events, damage = read_events(folder)
    assert len(events) == 4
    assert "expected 5" in damage.text


def test_lines_of_another_sweep_are_refused(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    with Ledger.open(other, create=True) as ledger:
        for _ in range(6):
            ledger.append("note", text="other")
    before = (folder / RECORDS).read_bytes()
    mixed = before + b"".join((other / RECORDS).read_bytes().splitlines(keepends=True)[4:])
    (folder / RECORDS).write_bytes(mixed)
    with pytest.raises(InputError, match="line 5 belongs to another sweep"):
        read_events(folder)
    with pytest.raises(InputError, match="line 5 belongs to another sweep"):
        Ledger.open(folder, create=False)
    assert (folder / RECORDS).read_bytes() == mixed


def test_a_ledger_without_its_start_is_refused_and_left_alone(folder):
    path = folder / RECORDS
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    before = path.read_bytes()
    with pytest.raises(InputError, match="numbered 2, expected 1"):
        Ledger.open(folder, create=False)
    assert path.read_bytes() == before


def test_a_folder_in_use_and_a_missing_one_are_refused(folder, tmp_path_factory):
    with pytest.raises(InputError, match="there is a sweep already"):
        Ledger.open(folder, create=True)
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(InputError, match="no sweep here"):
        Ledger.open(empty, create=False)
    with pytest.raises(InputError, match="no sweep here"):
        read_events(empty)


def test_a_kill_before_the_first_whole_line_leaves_a_clean_start(tmp_path):
    (tmp_path / RECORDS).write_bytes(b'{"n":1,"ti')
    with Ledger.open(tmp_path, create=True) as ledger:
        assert ledger.append("sweep", name="again")["n"] == 1
    assert read_events(tmp_path)[1] is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written_is_bad_input(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        Ledger.open(tmp_path, create=True)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("nan"), np.float32("inf"), object(), {1, 2}])
def test_what_json_does_not_know_is_refused_with_its_name(tmp_path, value):
    with Ledger.open(tmp_path, create=True) as ledger:
        with pytest.raises(ValueError, match=r"report: metrics\.loss=|finite"):
            ledger.append("report", metrics={"loss": value, "accuracy": 1.0})
        with pytest.raises(ValueError, match="the ledger itself writes n"):
            ledger.append("note", n=3)
        assert ledger.append("note", text="fine")["n"] == 1


@pytest.mark.parametrize("written", [0, 1, 20])
def test_a_full_disk_takes_nothing_of_the_line(folder, monkeypatch, written):
    before = (folder / RECORDS).read_bytes()
    real = os.write
    room = [written]

    def write(file, data):
        if not room:
            return real(file, data)
        if room[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(file, data[: room[0]])
        room[0] -= count
        return count

    with Ledger.open(folder, create=False) as ledger:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(LedgerError, match="No space left on device; what was written before is intact: free some"):
            ledger.append("note", text="no room")
        assert (folder / RECORDS).read_bytes() == before
        room.clear()
        assert ledger.append("note", text="room again")["n"] == 5
    assert read_events(folder)[1] is None


def test_a_failed_sync_is_told_at_the_next_append(folder, monkeypatch):
    def fsync(file):
        raise OSError(errno.EIO, "Input/output error")

    ledger = Ledger.open(folder, create=False)
    monkeypatch.setattr(os, "fsync", fsync)
    ledger.append("note", text="one")
    ledger._syncer.join(5)
    with pytest.raises(LedgerError, match="Input/output error"):
        ledger.append("note", text="two")
    with pytest.raises(LedgerError):
        ledger.close()


def test_syncs_are_coalesced_and_the_last_one_comes_with_close(folder, monkeypatch):
    real, calls = os.fsync, []
    monkeypatch.setattr(os, "fsync", lambda file: (calls.append(file), real(file)))
    with Ledger.open(folder, create=False) as ledger:
        for _ in range(500):
            ledger.append("note", text="quick")
    assert 1 <= len(calls) < 50
    with pytest.raises(LedgerError, match="closed"):
        ledger.append("note", text="late")
    ledger.close()


def test_kill_9_loses_no_event_that_was_appended(tmp_path):
    code = (
        "import sys; from sweeps.records.ledger import Ledger\n"
        "ledger = Ledger.open(sys.argv[1], create=True)\n"
        "for number in range(1, 100000): ledger.append('note', text='x' * 200); print(number, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        for _ in range(300):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        last = max([last, *(int(line) for line in process.stdout if line.endswith("\n"))])
    events, damage = read_events(tmp_path)
    assert len(events) >= last
    assert damage is None or damage.torn
