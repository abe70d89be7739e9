import dataclasses

import jax

from spine_jax.fitting import PRESETS


def test_paper_preset_is_the_published_setting():
    paper = PRESETS["paper"]
    assert (paper.iterations, paper.n_points, paper.n_surface) == (3000, 10_000, 10_000)
    assert paper.sigmas_mm == (9.6,)
    assert (paper.blur_mm, paper.blur_until) == (2.56, 0.8)
    assert (paper.learning_rate, paper.betas) == (0.01, (0.9, 0.9))
    assert (paper.alpha_start, paper.alpha_end) == (1.0, 0.4)
    weights = (paper.weight_edge, paper.weight_normal, paper.weight_overlap)
    assert weights == (0.02, 0.1, 1.0)
    assert (paper.weight_image, paper.weight_variance) == (1.0, 0.02)
    assert not paper.signed_normal and paper.weight_similarity == 0


def test_only_program_shaping_settings_are_static():
    paper = PRESETS["paper"]
    structure = jax.tree.structure(paper)

    ablated = dataclasses.replace(paper, weight_image=0.0, iterations=300)
    assert jax.tree.structure(ablated) == structure
    assert jax.tree.structure(dataclasses.replace(paper, n_points=5)) != structure
