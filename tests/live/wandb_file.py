"""Reads the record file of an offline W&B run: a header of 7 bytes, then the log format of LevelDB around protobuf records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

_BLOCK, _HEADER = 32768, 7


def records(path: Path) -> Iterator[Any]:
    """Every record, in the order in which it was written."""
    data = path.read_bytes()
    place, found = _HEADER, b""
    while place + _HEADER <= len(data):
        left = _BLOCK - place % _BLOCK
        if left < _HEADER:
            place += left
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        found += data[place + _HEADER : place + _HEADER + length]
        place += _HEADER + length
        if kind in (1, 4):  # whole, or last of several
            record = wandb_internal_pb2.Record()
            record.ParseFromString(found)
            yield record
            found = b""


def history(path: Path) -> list[dict[str, Any]]:
    """The logged rows, without W&B's own columns."""
    rows = []
    for record in records(path):
        if record.WhichOneof("record_type") == "history":
            row = {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            rows.append({name: value for name, value in row.items() if not name.startswith("_")})
    return rows
