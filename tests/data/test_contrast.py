import numpy as np

from spine_jax.data.contrast import with_bone_contrast


def test_only_what_is_above_soft_tissue_is_stretched():
    image = np.array([[-1, -0.9, -0.3], [-0.2, 0.1, 0.9]], np.float32)
    denser = with_bone_contrast(image, -0.3, 1.5)
    np.testing.assert_allclose(denser, [[-1, -0.9, -0.3], [-0.15, 0.3, 1]], rtol=1e-6)
    thinner = with_bone_contrast(image, -0.3, 0.5)
    np.testing.assert_allclose(
        thinner, [[-1, -0.9, -0.3], [-0.25, -0.1, 0.3]], rtol=1e-6
    )
    assert denser.dtype == np.float32
    np.testing.assert_allclose(with_bone_contrast(image, -0.3, 1.0), image, rtol=1e-6)
