"""Numbers as the tables give them: no more digits than count."""

import math


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    return f"{round(value, 2 - magnitude):,.{max(0, 2 - magnitude)}f}"


def short(value: float) -> str:
    """As it is where it is short, else three digits that count."""
    return f"{value:,g}" if value == round(value, 2) else number(value)


def money(value: float) -> str:
    """In US dollars."""
    return f"{number(value)} $"
