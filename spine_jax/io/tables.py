"""Tables as CSV."""

import csv
import io
import math
import os
from typing import Any

from spine_jax.io.atomic import write_text_atomic


def write_csv_atomic(path: str | os.PathLike, rows: list[dict[str, Any]]) -> None:
    """Write one line per row under a header.

    Columns are the keys of all rows in the order they first occur. A missing key, None
    and NaN give an empty cell, which spreadsheets and pandas read as "no value".
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    write_text_atomic(path, text.getvalue())


def _cell(value: Any) -> Any:
    if getattr(value, "ndim", None) == 0:  # numpy and JAX scalars
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value
