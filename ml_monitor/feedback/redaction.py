"""Personal data, taken out before an event is kept anywhere."""

import hmac
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any

import orjson

TEXT_FIELDS = ("reviewer", "comment", "request_id")


class Redaction(StrEnum):
    """What is done with a field."""

    drop = "drop"
    hash = "hash"


def redact(event: dict[str, Any], rules: Mapping[str, Redaction], pepper: bytes) -> dict[str, Any]:
    """The event without what the rules name: gone, or as a hash that is the same for the same value.

    Args:
        event: Field by field; it is not changed.
        rules: By field, or by path into the payload, such as `payload.user.email`.
        pepper: Key of the hashes; without it nobody can try names until one fits.
    """
    result = event
    for path, rule in rules.items():
        result = _at(result, path.split("."), rule, pepper)
    return result


def _at(fields: dict[str, Any], path: list[str], rule: Redaction, pepper: bytes) -> dict[str, Any]:
    name, rest = path[0], path[1:]
    inner = fields.get(name)
    if inner is None:
        return fields
    if not rest:
        return {**fields, name: None if rule is Redaction.drop else _hash(inner, pepper)}
    if isinstance(inner, dict):
        return {**fields, name: _at(inner, rest, rule, pepper)}
    if isinstance(inner, list):
        return {**fields, name: [_at(one, rest, rule, pepper) if isinstance(one, dict) else one for one in inner]}
    return fields


def _hash(value: Any, pepper: bytes) -> str:
    content = value.encode() if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hmac.new(pepper, content, sha256).hexdigest()[:32]
