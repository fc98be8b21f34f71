"""A sweep on a Ray cluster that somebody else has started, and that goes on after it."""

from __future__ import annotations

import pytest

from tests.end_to_end.harness import check_invariants, events, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    yield cluster
    cluster.shutdown()


@pytest.mark.parametrize("named_by", ["option", "environment"])
def test_sweep_runs_on_the_cluster_it_is_given(tmp_path, drive, cluster, named_by, monkeypatch):
    options = ["--address", cluster.address]
    if named_by == "environment":
        options = []
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    driver = drive("run", str(write_sweep(tmp_path, trials=4)), *options)
    assert driver.wait() == 0, driver.output
    folder = tmp_path / "runs" / "toy"
    check_invariants(folder, trials=4, reports=4)
    assert any("2 trials at once" in event["text"] for event in events(folder, "note"))


def test_request_that_no_machine_of_the_cluster_can_meet_is_refused(tmp_path, drive, cluster):
    driver = drive("run", str(write_sweep(tmp_path)), "resources.cpus_per_trial=64", "--address", cluster.address)
    assert driver.wait() == 2, driver.output
    assert "64" in driver.output
    assert not (tmp_path / "runs" / "toy").exists()


def test_cluster_that_does_not_answer_is_one_clear_line(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path)), "--address", "127.0.0.1:1")
    assert driver.wait() == 2, driver.output
    assert "127.0.0.1:1" in driver.output
    assert "Traceback" not in driver.output
    assert not (tmp_path / "runs" / "toy").exists()
