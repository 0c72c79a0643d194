"""The pool clock's calendar arithmetic, pure: calendar months with the month end clamped."""

import calendar
from datetime import date


def clock_end(entered: date, months: int) -> date:
    """The last day of the clock: `months` calendar months later, on the same day or the month's last.

    Entering on a month's last day ends on a month's last day: 31 March plus three months is 30 June.
    """
    index = entered.year * 12 + entered.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(entered.day, last))


def days_left(end: date, today: date) -> int:
    """Days until the clock has ended; negative once it is expired. On the last day one can still land: 0."""
    return (end - today).days
