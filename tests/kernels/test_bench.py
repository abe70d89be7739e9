"""The benchmark times by turns, tells true ratios, and compares answers."""

import functools
import itertools
import json
import sys

import numpy as np
import pytest

from spine_jax.kernels import bench, bench_peers, timing
from spine_jax.kernels.cases import icosphere, sphere_cases
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.timing import Job, Timing, make_row, time_jobs
from spine_jax.kernels.winding_number import winding_number

TINY = sphere_cases(1, 40)[1]
OPERATIONS = [
    "signed_distance forward",
    "signed_distance forward+backward",
    "closest_point",
    "winding_number",
]


@functools.cache
def true_answers(operation):
    """Answers for TINY by the dense reference."""
    jobs = {
        "signed_distance": bench.distance_job,
        "closest_point": bench.closest_point_bench.job,
        "winding_number": bench.winding_number_bench.job,
    }
    job = jobs[operation](TINY, "reference")
    return np.asarray(job.values(job.run()))


@pytest.fixture
def only_reference(monkeypatch):
    """What compiles fast; which implementations a case gets is tested by itself."""
    monkeypatch.setattr(bench, "implementations_to_time", lambda *sizes: ["reference"])


class Clock:
    """A clock that only the jobs under test move."""

    def __init__(self):
        self.now, self.turns = 0.0, []

    def job(self, name, seconds):
        durations = itertools.chain([100.0], seconds)

        def run():
            self.turns.append(name)
            self.now += next(durations)
            return name

        return Job(run, lambda result: [result])


def test_jobs_take_turns_and_the_median_leaves_out_the_first(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(timing, "PAUSE_S", 0.0)
    # The first of a turn does not count.
    jobs = {
        "ours": clock.job("ours", [5.0, 0.001, 0.009, 0.002]),
        "theirs": clock.job("theirs", [5.0, 0.010, 0.020, 0.900]),
    }
    timings = time_jobs(jobs, 3)
    warm_up, one_turn = ["ours", "theirs"], ["ours"] * 4 + ["theirs"] * 4
    assert clock.turns == warm_up + one_turn
    assert timings["ours"].milliseconds == pytest.approx(2)
    assert timings["theirs"].milliseconds == pytest.approx(20)
    assert timings["theirs"].values == ["theirs"]


def test_row_of_injected_timings():
    ours = Timing(2.0, np.array([1.0, -1.0, 0.5]))
    peers = {
        "slow": Timing(9.0, np.array([1.0, -1.0, 0.5])),
        "fast": Timing(5.0, np.array([1.0, 1.0, 0.25])),
    }
    assert make_row("box", "distance", "tiled", ours, peers, unit=4.0) == {
        "case": "box",
        "operation": "distance",
        "implementation": "tiled",
        "milliseconds": 2.0,
        "milliseconds_slow": 9.0,
        "ratio_to_slow": 4.5,
        "max_difference_to_slow": 0.0,
        "milliseconds_fast": 5.0,
        "ratio_to_fast": 2.5,
        "max_difference_to_fast": 0.5,
        "ratio_to_fastest_peer": 2.5,
    }


def test_row_without_peers_promises_no_ratio():
    row = make_row("box", "distance", "tiled", Timing(2.0, np.zeros(3)), {})
    assert set(row) == {"case", "operation", "implementation", "milliseconds"}


def test_rows_keep_operations_and_implementations_apart():
    own = {
        (operation, implementation): Job(lambda answer=answer: np.array([answer]))
        for operation, implementation, answer in [
            ("there", "native", 1.0),
            ("there", "tiled", 2.0),
            ("and back", "native", 3.0),
        ]
    }
    peers = {
        "able": {"distance": lambda case: Job(lambda: np.array([1.0]))},
        "unable": {"something else": lambda case: Job(lambda: None)},
    }
    rows = list(bench.rows(TINY, own, peers, "distance", 1))
    assert [(row["operation"], row["implementation"]) for row in rows] == list(own)
    assert [row["max_difference_to_able"] for row in rows] == [0.0, 1.0, 2.0]
    assert not any("ratio_to_unable" in row for row in rows)


def test_rows_of_a_case_with_a_peer(only_reference):
    # A peer that is right in one operation, off by 0.1 in the next, without a third.
    answers = {
        "signed_distance": true_answers("signed_distance"),
        "closest_point": true_answers("closest_point") + 0.1,
    }
    peer = {
        name: lambda case, value=value: Job(lambda: value)
        for name, value in answers.items()
    }
    rows = list(bench.case_rows(TINY, {"peer": peer}, 1))
    assert [row["operation"] for row in rows] == OPERATIONS
    assert "ratio_to_peer" not in rows.pop()
    for row, error in zip(rows, [0, 0, 0.1 / TINY.size], strict=True):
        assert row["case"] == "sphere-80/near-40" and row["milliseconds"] > 0
        assert row["ratio_to_peer"] == row["ratio_to_fastest_peer"]
        found = row["max_difference_to_peer"]
        assert found == pytest.approx(error, rel=0.05, abs=1e-6)


def test_gradients_are_part_of_the_backward_job():
    job = bench.gradient_job(TINY, None)
    value, (of_points, of_vertices) = job.run()
    np.testing.assert_array_equal(job.values((value, None)), value)
    np.testing.assert_allclose(np.linalg.norm(of_points, axis=1), 1, atol=1e-5)
    # Moving everything together changes no distance.
    balance = np.sum(of_points, axis=0) + np.sum(of_vertices, axis=0)
    np.testing.assert_allclose(balance, 0, atol=1e-4)


def test_quick_run_without_peers_prints_rows_alone(monkeypatch, capsys, only_reference):
    def absent():
        raise ImportError("No module named 'peer'")

    monkeypatch.setattr(bench_peers, "LOADERS", {"peer": absent})
    asked = []
    monkeypatch.setattr(
        bench, "bench_cases", lambda quick: asked.append(quick) or [TINY]
    )
    monkeypatch.setattr(sys, "argv", ["bench", "--quick"])
    bench.main()
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert asked == [True]
    assert list(dict.fromkeys(row["operation"] for row in rows)) == OPERATIONS
    assert all(
        "milliseconds" in row and "ratio_to_fastest_peer" not in row for row in rows
    )
    assert "peer is left out: No module named 'peer'" in err
    assert "spine-jax[bench]" in err


def test_quick_is_one_case():
    (case,) = bench.bench_cases(quick=True)
    assert case.name == "sphere-20480/near-10000"


def test_all_cases_have_the_promised_sizes(monkeypatch):
    # Names tell the sizes; the real ones take seconds to draw.
    asked = []
    monkeypatch.setattr(bench, "sphere_cases", lambda *sizes: asked.append(sizes) or [])
    (spine,) = bench.bench_cases(quick=False)
    assert asked == [(4, 10_000), (5, 10_000), (4, 1_000_000), (5, 1_000_000)]
    assert spine.points.shape == (10_000, 3)
    assert spine.vertices.shape[0] == 24 and spine.vertices.shape[2] == 3
    assert 1800 < spine.vertices.shape[1] < 2200


def test_vertebrae_of_the_spine_case_are_apart():
    case = bench.spine_case(n_points=10)
    hierarchy = build_hierarchy(case.vertices[0], case.faces)
    n_meshes, n_vertices = case.vertices.shape[:2]
    # Every vertex but the last mesh's, against the mesh below.
    points = case.vertices[:-1].reshape(-1, 3)
    below = np.repeat(np.arange(1, n_meshes, dtype=np.int32), n_vertices)
    winding = winding_number(points, below, case.vertices, hierarchy)
    assert np.max(winding) < 0.5
    spacing = np.linalg.norm(np.diff(case.vertices.mean(axis=1), axis=0), axis=1)
    assert np.all((spacing > 10) & (spacing < 40))


def test_points_of_the_spine_case_lie_near_it():
    case = bench.spine_case(n_points=300)
    job = bench.distance_job(case, None)
    distance = np.abs(job.values(job.run()))
    # Half of |N(0, 3 mm)| lies within 2 mm; surfaces bend, so points come closer still.
    assert 0.5 < np.median(distance) < 2.1 and distance.max() < 15


def test_a_million_points_are_asked_of_the_default_alone():
    available = {"tiled": None, "reference": None}
    in_time = timing.implementations_to_time
    assert in_time(available, 10_000, 5_120) == ["tiled", "reference"]
    assert in_time(available, 10_000, 20_480) == ["tiled"]
    assert in_time(available, 1_000_000, 80) == ["tiled"]


def test_implementations_that_cannot_run_here_are_not_timed(monkeypatch):
    def resolve(name, available, dtype):
        if name == "native":
            raise ValueError("no compiler")

    monkeypatch.setattr(timing, "resolve", resolve)
    available = {"native": None, "tiled": None, "reference": None}
    assert timing.implementations_to_time(available, 10, 10) == ["tiled", "reference"]
    assert timing.implementations_to_time(available, 10**6, 10) == ["tiled"]


@pytest.fixture(scope="module")
def peers():
    return bench_peers.installed_peers()


@pytest.mark.parametrize("name", bench_peers.LOADERS)
@pytest.mark.parametrize("operation", bench_peers.OPERATIONS)
def test_peers_do_the_same_job(name, operation, peers):
    if name not in peers:
        pytest.skip(f"{name} is not installed")
    if operation not in peers[name]:
        pytest.skip(f"{name} has no {operation}")
    job = bench_peers.peer_jobs(peers, operation, TINY)[name]
    # Fast winding numbers are approximations.
    tolerance = 0.1 if operation == "winding_number" else 1e-6
    answers = np.asarray(job.values(job.run()))
    np.testing.assert_allclose(answers, true_answers(operation), atol=tolerance)


def test_peers_see_the_union_of_a_batch(peers):
    if not peers:
        pytest.skip("no peer is installed")
    vertices, faces = icosphere(2)
    both = np.stack([vertices, vertices + np.float32([5, 0, 0])])
    points = np.float32([[0, 0, 0], [5, 0, 0], [2.5, 0, 0]])
    case = bench.Case("two", points, both, faces)
    own = bench.distance_job(case, None)
    answers = {"ours": np.asarray(own.values(own.run()))}
    for name, job in bench_peers.peer_jobs(peers, "signed_distance", case).items():
        answers[name] = np.asarray(job.values(job.run()))
    for name, each in answers.items():
        np.testing.assert_allclose(each, [-1, -1, 1.5], atol=0.08, err_msg=name)
        np.testing.assert_allclose(each, answers["ours"], atol=1e-6, err_msg=name)
