"""Processes that train together: what they share, add up and tell each other; alone it costs nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from trainer.ranks import Ranks

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np, torch
from trainer import ranks

ranks._BUCKET = 5
rank, count = int(sys.argv[1]), int(sys.argv[2])
with ranks.joined(rank, count, Path(sys.argv[3])) as mine:
    tensors = [torch.full(shape, float(rank + 1)) for shape in ((2, 2), (3,), (4, 1), ())]
    tensors.append(torch.tensor([rank + 1], dtype=torch.float64))
    mine.sum_tensors(tensors)
    told = [torch.tensor([rank, 1.0]), torch.tensor(rank)]
    mine.tell_tensors(told)
    print(json.dumps({
        "first": mine.first,
        "share": mine.share(np.arange(7)).tolist(),
        "total": mine.total(rank, 10),
        "summed": [tensor.reshape(-1).tolist() for tensor in tensors],
        "heard": [tensor.tolist() for tensor in told],
        "brought": mine.brought({"rank": rank}),
        "told": mine.told(f"from {rank}"),
    }))
"""


def test_two_processes_share_add_up_and_hear(tmp_path: Path) -> None:
    checkout = Path(__file__).parents[2]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(checkout)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(rank), "2", str(tmp_path / "meeting")],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for rank in range(2)
    ]
    said = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert [one["first"] for one in said] == [True, False]
    assert [one["share"] for one in said] == [[0, 2, 4, 6], [1, 3, 5]]
    assert [one["brought"] for one in said] == [[{"rank": 0}, {"rank": 1}], []]
    for one in said:
        assert one["total"] == [1, 20]
        assert one["summed"] == [[3.0] * 4, [3.0] * 3, [3.0] * 4, [3.0], [3.0]]
        assert one["heard"] == [[0.0, 1.0], 0]
        assert one["told"] == "from 0"


def test_alone_nothing_is_changed() -> None:
    alone, tensor = Ranks(), torch.ones(3)
    alone.sum_tensors([tensor])
    assert tensor.tolist() == [1.0] * 3
    alone.tell_tensors([tensor])
    assert tensor.tolist() == [1.0] * 3
    assert alone.most(5) == 5
    assert alone.share(np.arange(4)).tolist() == [0, 1, 2, 3]
    assert (alone.total(3, 4), alone.brought("x"), alone.told("x")) == ((3, 4), ["x"], "x")
    assert alone.alone
    assert alone.first
