"""The pictures, judged by their pixels."""

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from spine_jax.core import Centroids, LabelVolume, Volume, vox_to_mm
from spine_jax.core.labels import label_colour
from spine_jax.pipeline.panels import MUTED
from spine_jax.pipeline.pictures import draw_appearance, draw_preview
from spine_jax.pipeline.preview import preview_figure

L1, L2, L3 = 20, 21, 22
# Lower and upper corner in mm of two blocks, one above the other.
BLOCKS_MM = {L1: ((-12, -14, 8), (12, 14, 34)), L2: ((-12, -14, -26), (12, 14, 0))}
SHAPE, SPACING_MM = (60, 50, 46), (1.5, 2.0, 2.0)


def _phantom(codes: str = "RAS") -> tuple[Volume, LabelVolume]:
    """Blocks in soft tissue in air, with a bright rod in front and one on the left."""
    affine = np.diag([*SPACING_MM, 1.0])
    affine[:3, 3] = -0.5 * (np.array(SHAPE) - 1) * SPACING_MM
    grid_mm = vox_to_mm(affine, np.stack(np.indices(SHAPE), axis=-1))
    x, y, _ = np.moveaxis(grid_mm, -1, 0)
    image = np.full(SHAPE, -1000.0, np.float32)
    image[(np.abs(x) < 42) & (np.abs(y) < 45)] = 0.0
    image[(np.abs(y - 35) < 4) & (np.abs(x) < 20)] = 1200.0
    image[(np.abs(x + 26) < 3) & (np.abs(y) < 20)] = 1200.0
    labels = np.zeros(SHAPE, np.uint8)
    for number, (low, high) in BLOCKS_MM.items():
        labels[np.all((grid_mm > low) & (grid_mm < high), axis=-1)] = number
    image[labels == L1], image[labels == L2] = 400.0, 900.0
    return _reoriented(image, labels, affine, codes)


def _reoriented(image, labels, affine, codes):
    """The same patient with array axes that point as the letters say."""
    order = [next(i for i in range(3) if c in ("RL", "AP", "SI")[i]) for c in codes]
    image, labels = image.transpose(order), labels.transpose(order)
    affine = affine[:, [*order, 3]].copy()
    for axis, code in enumerate(codes):
        if code in "LPI":
            image, labels = np.flip(image, axis), np.flip(labels, axis)
            affine[:3, 3] += affine[:3, axis] * (image.shape[axis] - 1)
            affine[:3, axis] *= -1
    return Volume(image, affine), LabelVolume(labels, affine)


def _pixels(figure) -> np.ndarray:
    """[H, W, 3] 0-255, row 0 at the bottom, as matplotlib counts."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[::-1, :, :3].astype(int)


def _patch(pixels, axes, right_mm: float, up_mm: float, radius: int = 3) -> np.ndarray:
    column, row = axes.transData.transform((right_mm, up_mm)).astype(int)
    return pixels[
        row - radius : row + radius + 1, column - radius : column + radius + 1
    ]


def _has_colour(pixels: np.ndarray, number: int) -> bool:
    return bool(np.any(np.abs(pixels - label_colour(number)).max(axis=-1) < 30))


@pytest.fixture(scope="module")
def figure():
    return preview_figure(*_phantom())


@pytest.fixture(scope="module")
def pixels(figure):
    return _pixels(figure)


@pytest.mark.parametrize("panel", [0, 1])
@pytest.mark.parametrize("number", [L1, L2])
def test_outlines_lie_where_the_labels_are(figure, pixels, panel, number):
    """Half-width 14 mm front to back in the sagittal panel, 12 mm in the coronal."""
    axes, half_mm = figure.axes[panel], (14, 12)[panel]
    low, high = BLOCKS_MM[number][0][2], BLOCKS_MM[number][1][2]
    quarter = low + 0.25 * (high - low)
    for right_mm, up_mm in (
        (half_mm, quarter),
        (-half_mm, quarter),
        (0.5 * half_mm, low),
        (0.5 * half_mm, high),
    ):
        assert _has_colour(_patch(pixels, axes, right_mm, up_mm), number)
    assert not _has_colour(_patch(pixels, axes, 0.5 * half_mm, quarter), number)


def test_absent_labels_leave_no_colour(pixels):
    assert _has_colour(pixels, L1) and not _has_colour(pixels, L3)


def test_axial_panel_cuts_the_middle_vertebra(figure, pixels):
    axial = figure.axes[2]
    for right_mm, up_mm in ((12, 0), (-12, 0), (0, 14), (0, -14)):
        assert _has_colour(_patch(pixels, axial, right_mm, up_mm), L2)
    assert axial.get_title(loc="left").endswith("L2")


def test_every_panel_is_to_scale(figure):
    for axes in figure.axes:
        origin, right, up = axes.transData.transform([(0, 0), (10, 0), (0, 10)])
        assert right[0] - origin[0] == pytest.approx(up[1] - origin[1], rel=1e-3)


@pytest.mark.parametrize("codes", ["LPS", "PIR", "SLA"])
def test_voxel_orientation_does_not_show(pixels, codes):
    turned = _pixels(preview_figure(*_phantom(codes)))
    assert turned.shape == pixels.shape
    # Rounding may move the edge of an antialiased line; nothing else may differ.
    assert np.mean(np.abs(turned - pixels).max(axis=-1) > 8) < 1e-3


def test_front_left_and_top_are_where_the_letters_say(figure, pixels):
    sagittal, coronal, axial = figure.axes
    for axes, bright, dark in (
        (sagittal, (-35, 25), (35, 25)),
        (coronal, (26, 4), (-26, 4)),
        (axial, (26, 8), (-26, 8)),
    ):
        assert _patch(pixels, axes, *bright).mean() > 200
        assert _patch(pixels, axes, *dark).mean() < 80
    for axes in (sagittal, coronal):
        # The upper block has 400 HU, the lower 900, in a window of 1500.
        assert 80 < _patch(pixels, axes, 6, 21).mean() < 140
        assert 170 < _patch(pixels, axes, 6, -20).mean() < 220
    places = {text.get_text(): text.xy for text in sagittal.texts}
    assert places["A"] == (0.0, 0.5) and places["S"] == (0.5, 1.0)
    assert {text.get_text(): text.xy for text in coronal.texts}["L"] == (1.0, 0.5)


def test_names_stand_beside_their_vertebrae(figure):
    for axes, side in zip(figure.axes[:2], (-1, 1)):
        names = {text.get_text(): text.xy for text in axes.texts}
        assert names["L1"][1] == pytest.approx(21.0, abs=1.5)
        assert names["L2"][1] == pytest.approx(-13.0, abs=1.5)
        assert side * names["L1"][0] >= 11.0


def test_slices_go_through_given_centroids():
    """The coronal slice of a spine centred 35 mm forward runs through the rod there."""
    volume, labels = _phantom()
    centroids = Centroids(np.array([[0.0, 35.0, 21.0], [0.0, 35.0, -13.0]]), (L1, L2))
    figure = preview_figure(volume, labels, centroids)
    coronal = figure.axes[1]
    assert _patch(_pixels(figure), coronal, 10.0, 10.0).mean() > 200


def test_vertebra_without_a_mask_keeps_a_grey_name():
    volume, labels = _phantom()
    centroids = Centroids(np.array([[0.0, 0.0, -40.0]]), (L3,))
    figure = preview_figure(volume, labels, centroids)
    (name,) = [text for text in figure.axes[0].texts if text.get_text() == "L3"]
    assert name.get_color() == MUTED


def test_picture_of_an_empty_label_map():
    volume, labels = _phantom()
    nothing = LabelVolume(np.zeros_like(labels.array), labels.affine_vox_to_mm)
    figure = preview_figure(volume, nothing)
    assert not _has_colour(_pixels(figure), L1)
    assert figure.axes[2].get_title(loc="left") == "Axial"


def test_window_is_bone_for_hu_and_percentiles_else():
    volume, labels = _phantom()
    assert "HU" in preview_figure(volume, labels).texts[0].get_text()
    rescaled = Volume((volume.array + 1000.0) / 10.0, volume.affine_vox_to_mm)
    assert "0 to 220." in preview_figure(rescaled, labels).texts[0].get_text()


def test_preview_file(tmp_path):
    path = tmp_path / "out" / "preview.png"
    draw_preview(path, *_phantom())
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert [file.name for file in path.parent.iterdir()] == ["preview.png"]
    picture = matplotlib.image.imread(path)[..., :3] * 255
    assert _has_colour(picture, L1) and _has_colour(picture, L2)


def _curve_pixels(path) -> tuple[np.ndarray, np.ndarray]:
    picture = matplotlib.image.imread(path)[..., :3] * 255
    rows, columns = np.nonzero(np.abs(picture - (0x58, 0xA6, 0xFF)).max(axis=-1) < 12)
    plot = columns < 0.75 * picture.shape[1]  # the legend repeats the colour
    return rows[plot], columns[plot]


def test_appearance_curve_peaks_where_it_should(tmp_path):
    distance_mm = np.linspace(-8.0, 8.0, 161)
    intensity_hu = 100.0 + 600.0 * np.exp(-((distance_mm + 4.0) ** 2))
    draw_appearance(tmp_path / "a.png", distance_mm, intensity_hu)
    rows, columns = _curve_pixels(tmp_path / "a.png")
    # A quarter of the way along the axis, which starts where the curve does and is
    # cut at three quarters of the picture; the axis itself ends near its right edge.
    width = matplotlib.image.imread(tmp_path / "a.png").shape[1]
    axis = np.array([columns.min(), width - 14])
    peak = np.mean(columns[rows == rows.min()])
    assert (peak - axis[0]) / np.ptp(axis) == pytest.approx(0.25, abs=0.02)


def test_appearance_with_voxels_shows_their_median(tmp_path):
    rng = np.random.default_rng(0)
    distance_mm = np.linspace(-6.0, 6.0, 121)
    observed_mm = rng.uniform(-7, 7, 5000)
    draw_appearance(tmp_path / "plain.png", distance_mm, 0.0 * distance_mm)
    draw_appearance(
        tmp_path / "voxels.png",
        distance_mm,
        0.0 * distance_mm,
        observed_distance_mm=observed_mm,
        observed_hu=300.0 + rng.normal(size=5000),
    )

    def ochre(name: str) -> int:
        picture = matplotlib.image.imread(tmp_path / name)[..., :3] * 255
        return int(np.sum(np.abs(picture - (0xD2, 0x99, 0x22)).max(axis=-1) < 12))

    assert ochre("plain.png") == 0 and ochre("voxels.png") > 300


def test_appearance_needs_arrays_of_one_length(tmp_path):
    with pytest.raises(ValueError, match="intensity_hu"):
        draw_appearance(tmp_path / "a.png", np.arange(5.0), np.arange(4.0))
    assert not list(tmp_path.iterdir())
