"""The VerSe label scheme: numbers, names, order along the spine, colours.

1-7 C1-C7, 8-19 T1-T12, 20-24 L1-L5, 25 L6, 28 T13. T13 lies between T12 (19) and
L1 (20), so numbers must never be sorted to get the anatomical order.
"""

import colorsys

ANATOMICAL_ORDER: tuple[int, ...] = (*range(1, 20), 28, *range(20, 26))

_NAMES: dict[int, str] = {
    **{i: f"C{i}" for i in range(1, 8)},
    **{7 + i: f"T{i}" for i in range(1, 13)},
    **{19 + i: f"L{i}" for i in range(1, 7)},
    28: "T13",
}
_NUMBERS = {name: number for number, name in _NAMES.items()}
_RANK = {number: rank for rank, number in enumerate(ANATOMICAL_ORDER)}

# 26 sacrum and 27 coccyx occur in label maps of the scheme but are no vertebrae.
NON_VERTEBRAE: dict[int, str] = {26: "sacrum", 27: "coccyx"}


def label_name(number: int) -> str:
    """`22` -> `"L3"`.

    Raises:
        KeyError: for a number outside the scheme.
    """
    return _NAMES[number]


def label_number(name: str) -> int:
    """`"L3"` or `"22"` -> `22`.

    Raises:
        KeyError: for a name outside the scheme.
    """
    if name.isdigit() and int(name) in _NAMES:
        return int(name)
    return _NUMBERS[name.upper()]


def is_vertebra(number: int) -> bool:
    """Whether the number names a vertebra (not the sacrum, the coccyx or nothing)."""
    return number in _NAMES


def anatomical_rank(number: int) -> int:
    """Position along the spine from C1, so that T13 sorts between T12 and L1."""
    return _RANK[number]


def segment(number: int) -> str:
    """`cervical`, `thoracic` or `lumbar`."""
    return {"C": "cervical", "T": "thoracic", "L": "lumbar"}[_NAMES[number][0]]


def label_colour(number: int) -> tuple[int, int, int]:
    """RGB 0-255, distinct between neighbours: hue walks by the golden angle."""
    hue = (anatomical_rank(number) * 0.618034) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.65, 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)
