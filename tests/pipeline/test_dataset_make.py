"""`dataset make` from files to a data set that opens, trains and resumes."""

import dataclasses
import json

import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.data import UnpairedStream, held_out_volumes, open_dataset
from spine_jax.data.framing import Framing
from spine_jax.data.mapped import MappedArray
from spine_jax.data.phantom import TINY
from spine_jax.pipeline import dataset_make
from spine_jax.pipeline.dataset_device import device_of
from spine_jax.pipeline.dataset_make import DatasetRequest, make_dataset
from tests.pipeline.phantoms import in_this_process, phantom, write_case

PATIENTS = ("ann", "bob", "cat", "dan")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four patients, all with the same phantom."""
    folder = tmp_path_factory.mktemp("dataset")
    for name in PATIENTS:
        write_case(folder / "cases", name)
    request = DatasetRequest(
        folder / "cases", folder / "out", framing=TINY, test_share=0.5, quiet=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset_make, "run_jobs", in_this_process)
        summary = make_dataset(request)
    return request, summary


@pytest.fixture(autouse=True)
def no_processes(monkeypatch):
    monkeypatch.setattr(dataset_make, "run_jobs", in_this_process)


def test_each_patient_has_one_domain_and_one_split(made):
    request, summary = made
    dataset = open_dataset(request.output)
    places = {}
    for volume in dataset.volumes:
        places.setdefault(volume.patient, set()).add((volume.domain, volume.split))
    assert places.keys() == set(PATIENTS)
    assert sorted(next(iter(p)) for p in places.values() if len(p) == 1) == [
        ("cbct", "test"),
        ("cbct", "train"),
        ("ct", "test"),
        ("ct", "train"),
    ]
    assert set(summary.patients.values()) == {1}
    assert summary.failed == {} and summary.left_out == {}


def test_its_device_can_be_told_again(made, tmp_path):
    request, _ = made
    settings = json.loads((request.output / "index.json").read_text())["settings"]
    device = device_of(request.output)
    told = json.loads(json.dumps(dataclasses.asdict(device)))
    assert told == settings["framing"]["cbct"]
    assert hash(device) == hash(device_of(request.output))
    (tmp_path / "index.json").write_text(json.dumps({"settings": {"cbct_folder": "x"}}))
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="a data set of simulated CBCTs"):
            device_of(folder)


def test_volumes_stay_on_disk_and_have_their_truth(made):
    dataset = open_dataset(made[0].output)
    assert len(dataset.select("ct", "train")) == dataset_make.STACKS_PER_CT
    for volume in dataset.volumes:
        assert isinstance(volume.image, MappedArray)
        assert volume.image.shape[1:] == (32, 32) and np.any(np.asarray(volume.labels))
        assert (volume.clean is not None) == (volume.domain == "cbct")
    (held_out,) = held_out_volumes(dataset)
    assert held_out.clean.shape == held_out.y_l.shape == held_out.x_l.shape


def test_batches_come_out_of_it(made):
    stream = UnpairedStream(open_dataset(made[0].output), 2, 0)
    batch = stream[0]
    assert batch["x_l"].shape == (2, 32, 32, 1)
    assert np.array_equal(stream[0]["x_h"], batch["x_h"])


def test_the_index_tells_what_was_done(made):
    request, summary = made
    index = json.loads((request.output / "index.json").read_text())
    assert index["settings"]["framing"]["slice_mm"] == 4.0
    assert index["spacing_mm"] == [4.0, 4.0, 4.0]
    assert index["scales"]["ct"] == {"low": -1000.0, "high": 2000.0}
    assert sum(summary.slices.values()) == sum(v["shape"][0] for v in index["volumes"])
    assert not list(request.output.rglob(".tmp-*"))


def test_a_second_run_keeps_what_is_complete_and_makes_the_rest(made, monkeypatch):
    request, summary = made
    name = next(v.name for v in open_dataset(request.output).select("ct", "train"))
    place = request.output / "volumes" / name
    before = (place / "image.npy").read_bytes()
    (place / "about.json").unlink()
    (request.output / "index.json").unlink()
    done = []

    def watched(function, jobs, *more):
        done.extend(job.scan.name for job in jobs)
        return in_this_process(function, jobs, *more)

    monkeypatch.setattr(dataset_make, "run_jobs", watched)
    assert make_dataset(request) == summary
    assert done == [name.rsplit("_", 1)[0]]
    assert (place / "image.npy").read_bytes() == before


def test_other_settings_are_refused_in_the_same_folder(made):
    request, _ = made
    with pytest.raises(InputError, match="another seed"):
        make_dataset(dataclasses.replace(request, seed=1))


def test_nothing_is_written_for_a_senseless_option(made, tmp_path):
    output = tmp_path / "out"
    for change in ({"workers": 0}, {"test_share": -1.0}, {"framing": "huge"}):
        with pytest.raises(InputError):
            make_dataset(dataclasses.replace(made[0], output=output, **change))
    assert not output.exists()


def test_a_foreign_folder_is_left_alone(made, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="OUTPUT-EXISTS"):
        make_dataset(dataclasses.replace(made[0], output=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_damaged_scan_is_named_and_the_others_go_on(made, tmp_path):
    for name in PATIENTS:
        write_case(tmp_path / "cases", name)
    out = tmp_path / "out"
    first = open_dataset(made[0].output)
    # The patient whose CT is for test: its loss leaves the data set usable.
    (patient,) = {v.patient for v in first.select("ct", "test")}
    image = tmp_path / "cases" / f"{patient}_ct.nii.gz"
    image.write_bytes(image.read_bytes()[:1000])
    request = dataclasses.replace(made[0], folder=tmp_path / "cases", output=out)
    summary = make_dataset(request)
    assert list(summary.failed) == [patient]
    assert "TRUNCATED" in summary.failed[patient]
    assert "ct test" not in summary.slices and summary.slices["cbct train"] > 0
    # Same seed, same names: the same bits as in the other folder.
    second = open_dataset(out)
    for volume in second.volumes:
        (twin,) = [v for v in first.volumes if v.name == volume.name]
        np.testing.assert_array_equal(volume.image, twin.image)


def test_real_cbcts_and_label_maps(tmp_path):
    from spine_jax.io.nifti import save_labels, save_volume

    save_labels(tmp_path / "ct" / "ann_seg.nii.gz", phantom().labels)
    save_volume(tmp_path / "cbct" / "bob.nii.gz", phantom().volume)
    request = DatasetRequest(
        tmp_path / "ct",
        tmp_path / "out",
        from_labels=True,
        cbct_folder=tmp_path / "cbct",
        framing=Framing(TINY.cbct, 4.0, 96.0),
        quiet=True,
    )
    summary = make_dataset(request)
    assert summary.patients == {"ct train": 1, "cbct train": 1}
    dataset = open_dataset(request.output)
    (real,) = dataset.select("cbct", "train")
    assert real.labels is None and real.name == "cbct_bob"
