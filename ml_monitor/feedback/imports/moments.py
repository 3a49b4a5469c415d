"""Times as people's files write them. Nothing is guessed: 1/2/2024 is refused without a format."""

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_FORMS = re.compile(
    r"^(?P<moment>\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2} [AP]M) GMT(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?$", re.I
)
"""As Google Forms itself writes a response's time: 2024/05/10 3:04:05 PM GMT+2."""


def moment_of(text: str, time_format: str | None, zone: str) -> datetime:
    """A moment with its zone.

    Args:
        text: As it is in the file.
        time_format: As strptime takes it, or None: ISO 8601, or what Google Forms writes.
        zone: Of a time that has none.

    Raises:
        ValueError: It is written in another way.
    """
    if time_format is not None:
        try:
            moment = datetime.strptime(text, time_format)
        except ValueError:
            raise ValueError(f"{text!r} is not written as time_format says, {time_format!r}") from None
    elif form := _FORMS.match(text):
        moment = datetime.strptime(form["moment"].upper(), "%Y/%m/%d %I:%M:%S %p").replace(tzinfo=_offset(form["offset"]))
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no ISO 8601 time: say time_format, such as '%m/%d/%Y %H:%M:%S'") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _offset(text: str | None) -> timezone:
    digits = (text or "+0").replace(":", "")
    hours, minutes = (int(digits[1:-2]), int(digits[-2:])) if len(digits) > 3 else (int(digits[1:]), 0)
    return timezone((-1 if digits[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
