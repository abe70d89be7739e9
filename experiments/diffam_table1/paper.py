"""The published figures (Dice, percent): VerSe'20 training set, 775 vertebrae."""

from typing import NamedTuple

# Table 1: mean by segment.
TABLE_1 = {
    "cervical": {"Ours": 63.3, "-I": 30.9, "-N": 58.2, "-E": 63.5},
    "thoracic": {"Ours": 75.8, "-I": 44.7, "-N": 67.9, "-E": 75.6},
    "lumbar": {"Ours": 86.3, "-I": 56.7, "-N": 79.8, "-E": 85.8},
    "total": {"Ours": 77.3, "-I": 46.5, "-N": 70.3, "-E": 77.1},
}


class Published(NamedTuple):
    """Number of vertebrae; mean and median Dice in percent; how many are below 50."""

    n: int
    mean: float
    median: float
    failed: int


# Fig. 2a, read off its instances.
FIGURE_2A = {
    "C1": Published(14, 53.0, 57.9, 4),
    "C2": Published(14, 58.1, 59.0, 1),
    "C3": Published(16, 63.0, 71.8, 3),
    "C4": Published(16, 68.2, 75.7, 2),
    "C5": Published(18, 64.5, 71.3, 3),
    "C6": Published(18, 68.5, 74.3, 1),
    "C7": Published(22, 64.7, 76.1, 4),
    "T1": Published(30, 67.5, 74.5, 4),
    "T2": Published(33, 68.6, 74.0, 5),
    "T3": Published(32, 71.3, 72.8, 1),
    "T4": Published(28, 70.6, 71.9, 0),
    "T5": Published(26, 70.4, 70.8, 0),
    "T6": Published(25, 70.3, 71.1, 0),
    "T7": Published(26, 71.9, 73.9, 0),
    "T8": Published(28, 73.8, 75.9, 0),
    "T9": Published(36, 74.4, 75.5, 0),
    "T10": Published(45, 80.6, 82.5, 0),
    "T11": Published(49, 84.9, 86.9, 0),
    "T12": Published(45, 88.5, 90.2, 0),
    "T13": Published(2, 90.2, 90.2, 0),
    "L1": Published(49, 90.3, 92.2, 0),
    "L2": Published(49, 90.5, 92.6, 0),
    "L3": Published(48, 90.7, 92.8, 0),
    "L4": Published(48, 89.7, 91.5, 0),
    "L5": Published(45, 75.7, 78.3, 4),
    "L6": Published(13, 63.7, 61.4, 0),
}
