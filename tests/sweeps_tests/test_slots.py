"""How many trials fit, by arithmetic: on CPUs, on GPUs and parts of them, on several machines, or not at all."""

import pytest

from sweeps.config import Resources
from sweeps.engine.slots import Node, plan
from sweeps.errors import Exit, InputError

AUTO = Resources()

# wanted, machines (CPUs, GPUs), then: slots, CPUs and GPUs of each
TABLE = {
    "auto without a GPU": (AUTO, [(2, 0)], (2, 1, 0.0)),
    "auto on one CPU": (AUTO, [(1, 0)], (1, 1, 0.0)),
    "auto with GPUs shares the CPUs among them": (AUTO, [(16, 4)], (4, 4, 1.0)),
    "auto with more GPUs than CPUs": (AUTO, [(2, 4)], (2, 1, 1.0)),
    "auto on unequal machines": (AUTO, [(8, 2), (16, 2)], (4, 4, 1.0)),
    "auto leaves a machine without a GPU alone": (AUTO, [(8, 1), (64, 0)], (1, 8, 1.0)),
    "CPUs named": (Resources(cpus_per_trial=2), [(8, 0)], (4, 2, 0.0)),
    "CPUs named, with a rest": (Resources(cpus_per_trial=3), [(8, 0)], (2, 3, 0.0)),
    "no GPU wanted where there are some": (Resources(gpus_per_trial=0), [(4, 2)], (4, 1, 0.0)),
    "half a GPU": (Resources(gpus_per_trial=0.5), [(8, 1)], (2, 4, 0.5)),
    "a third of a GPU, in floating point": (Resources(gpus_per_trial=1 / 3), [(9, 1)], (3, 3, 1 / 3)),
    "a tenth of a GPU": (Resources(gpus_per_trial=0.1), [(20, 1)], (10, 2, 0.1)),
    "parts never lie across two GPUs": (Resources(gpus_per_trial=0.4), [(8, 2)], (4, 2, 0.4)),
    "more than half a GPU": (Resources(gpus_per_trial=0.6), [(8, 2)], (2, 4, 0.6)),
    "two processes, without a GPU": (Resources(processes_per_trial=2), [(5, 0)], (2, 2, 0.0)),
    "two processes have a GPU each": (Resources(processes_per_trial=2), [(16, 5)], (2, 8, 2.0)),
    "two processes on CPUs beside GPUs": (Resources(0, processes_per_trial=2), [(4, 2)], (2, 2, 0.0)),
    "two processes of two CPUs": (Resources(cpus_per_trial=4, processes_per_trial=2), [(8, 0)], (2, 4, 0.0)),
    "two GPUs each": (Resources(gpus_per_trial=2), [(16, 5)], (2, 8, 2.0)),
    "two GPUs never come from two machines": (Resources(gpus_per_trial=2), [(8, 1), (8, 3)], (1, 8, 2.0)),
    "CPUs bind before GPUs": (Resources(gpus_per_trial=0.25, cpus_per_trial=4), [(8, 1)], (2, 4, 0.25)),
    "eight machines": (Resources(cpus_per_trial=4), [(10, 0)] * 8, (16, 4, 0.0)),
    "a cap": (Resources(max_parallel=1), [(8, 0)], (1, 1, 0.0)),
    "a cap above what fits": (Resources(max_parallel=99), [(2, 0)], (2, 1, 0.0)),
}


@pytest.mark.parametrize("case", TABLE)
def test_slots_of(case):
    wanted, machines, expected = TABLE[case]
    slots = plan(wanted, [Node(*machine) for machine in machines])
    assert (slots.count, slots.cpus, slots.gpus) == expected


@pytest.mark.parametrize("gpus", [0.1, 0.2, 0.25, 1 / 3, 0.4, 0.5, 0.6, 0.75, 1, 2])
@pytest.mark.parametrize("machine", [(4, 1), (7, 2), (16, 3)])
def test_what_is_promised_really_fits(gpus, machine):
    if gpus > machine[1]:
        return
    slots = plan(Resources(gpus_per_trial=gpus), [Node(*machine)])
    assert slots.count * slots.cpus <= machine[0]
    assert slots.count * slots.gpus <= machine[1] + 1e-9


# wanted, machines, then: the key at fault, what there is
REFUSED = {
    "more GPUs than any machine has": (Resources(gpus_per_trial=8), [(64, 4), (64, 4)], "gpus_per_trial", "has 4"),
    "a GPU where there is none": (Resources(gpus_per_trial=1), [(64, 0)], "gpus_per_trial", "has 0"),
    "part of a GPU where there is none": (Resources(gpus_per_trial=0.5), [(64, 0)], "gpus_per_trial", "has 0"),
    "more CPUs than any machine has": (Resources(cpus_per_trial=16), [(8, 0), (12, 0)], "cpus_per_trial", "has 12"),
    "too many CPUs beside a GPU": (
        Resources(gpus_per_trial=1, cpus_per_trial=16), [(8, 1)], "cpus_per_trial", "has 8",
    ),
    "more processes than any machine has GPUs": (
        Resources(processes_per_trial=4), [(64, 2)], "gpus_per_trial", "has 2",
    ),
    "more processes than any machine has CPUs": (
        Resources(processes_per_trial=4), [(2, 0)], "processes_per_trial", "has 2",
    ),
    "no machine at all": (AUTO, [], "cpus_per_trial", "has 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_never_run_is_refused(case):
    wanted, machines, key, there = REFUSED[case]
    with pytest.raises(InputError) as refused:
        plan(wanted, [Node(*machine) for machine in machines])
    assert refused.value.key == f"resources.{key}"
    assert there in refused.value.message
    assert refused.value.mend
    assert refused.value.exit_code == Exit.BAD_INPUT


def test_the_choice_is_said_in_words():
    assert plan(AUTO, [Node(2)]).chosen == "2 trials at once, each with 1 CPU, no GPU here"
    assert plan(AUTO, [Node(8, 1)]).chosen == "1 trial at once, each with 8 CPUs and 1 GPU"
    assert plan(Resources(gpus_per_trial=0.5), [Node(4, 1)]).chosen == "2 trials at once, each with 2 CPUs and 0.5 GPU"
    assert plan(Resources(gpus_per_trial=0), [Node(1, 1)]).chosen == "1 trial at once, each with 1 CPU"
