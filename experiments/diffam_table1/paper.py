"""The published figures (Dice, percent): VerSe'20 training set, 775 vertebrae."""

# Table 1: mean by segment.
TABLE_1 = {
    "cervical": {"Ours": 63.3, "-I": 30.9, "-N": 58.2, "-E": 63.5},
    "thoracic": {"Ours": 75.8, "-I": 44.7, "-N": 67.9, "-E": 75.6},
    "lumbar": {"Ours": 86.3, "-I": 56.7, "-N": 79.8, "-E": 85.8},
    "total": {"Ours": 77.3, "-I": 46.5, "-N": 70.3, "-E": 77.1},
}

# Fig. 2a: mean by level, read off the figure's instances.
FIGURE_2A = {
    "C1": 53.0, "C2": 58.1, "C3": 63.0, "C4": 68.2, "C5": 64.5, "C6": 68.5, "C7": 64.7,
    "T1": 67.5, "T2": 68.6, "T3": 71.3, "T4": 70.6, "T5": 70.4, "T6": 70.3, "T7": 71.9,
    "T8": 73.8, "T9": 74.4, "T10": 80.6, "T11": 84.9, "T12": 88.5, "T13": 90.2,
    "L1": 90.3, "L2": 90.5, "L3": 90.7, "L4": 89.7, "L5": 75.7, "L6": 63.7,
}  # fmt: skip
