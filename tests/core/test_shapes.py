import numpy as np
import pytest

from spine_jax.core import InputError, check_shapes


def test_letters_bind_and_numbers_hold():
    sizes = check_shapes(
        vertices_mm=(np.zeros((5, 3)), "V 3"), values=(np.zeros((5, 2)), "V C")
    )
    assert sizes == {"V": 5, "C": 2}


@pytest.mark.parametrize("shape", [(5, 2), (5,), (5, 3, 1)])
def test_broken_pattern_names_array_and_shape(shape):
    with pytest.raises(ValueError, match="vertices_mm has shape"):
        check_shapes(vertices_mm=(np.zeros(shape), "V 3"))


def test_letter_must_agree_with_itself():
    with pytest.raises(ValueError, match="b has shape .*4.* with V = 5"):
        check_shapes(a=(np.zeros((5, 3)), "V 3"), b=(np.zeros((4, 3)), "V 3"))


def test_input_error_is_one_sentence():
    error = InputError("CODE", "ct.nii.gz", "nothing", "something", "looking again")
    assert str(error) == (
        "error[CODE] ct.nii.gz: nothing; expected something. Try: looking again"
    )
    assert isinstance(error, ValueError)
