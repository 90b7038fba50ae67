"""Numbers and times as a language writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from gridpact.case.times import from_microseconds

MINUTE, HOUR, DAY = 60, 3600, 86_400  # in seconds


def number_text(value: float, decimals: int, *, point: str, group: str) -> str:
    """A number with at most so many decimals, and no minus before a zero."""
    text = f"{round(value, decimals) + 0.0:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", "\0").replace(".", point).replace("\0", group)


def local(moment: int | str, timezone: str) -> datetime:
    """A moment of the gate, or a time with an offset, by the clocks of a market."""
    time = from_microseconds(moment) if isinstance(moment, int) else datetime.fromisoformat(moment)
    return time.astimezone(ZoneInfo(timezone))


def duration_parts(seconds: int) -> tuple[int, int, int, int]:
    """Days, hours, minutes and seconds."""
    return seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE, seconds % MINUTE
