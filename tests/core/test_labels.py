import pytest

from spine_jax.core import labels


def test_numbers_and_names_are_the_verse_scheme():
    pairs = {1: "C1", 7: "C7", 8: "T1", 19: "T12", 20: "L1", 24: "L5", 25: "L6"}
    for number, name in (pairs | {28: "T13"}).items():
        assert labels.label_name(number) == name
        assert labels.label_number(name) == number
        assert labels.label_number(name.lower()) == number
        assert labels.label_number(str(number)) == number


def test_t13_lies_between_t12_and_l1():
    ranks = [labels.anatomical_rank(number) for number in (18, 19, 28, 20, 25)]
    assert ranks == sorted(ranks) and len(set(ranks)) == 5
    assert labels.segment(28) == "thoracic"


@pytest.mark.parametrize("number", [0, 26, 27, 29])
def test_what_is_no_vertebra(number):
    assert not labels.is_vertebra(number)
    with pytest.raises(KeyError):
        labels.label_name(number)
    with pytest.raises(KeyError):
        labels.label_number(str(number))


def test_neighbours_have_distinct_colours():
    colours = [labels.label_colour(number) for number in labels.ANATOMICAL_ORDER]
    assert len(set(colours)) == len(colours)
    for one, other in zip(colours, colours[1:]):
        assert sum(abs(a - b) for a, b in zip(one, other)) > 60
