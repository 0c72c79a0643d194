"""Red flags over contracting processes told as OCDS releases: questions to ask, never verdicts. No Django here.

`find(releases)` looks at each release once and keeps a few small facts of it, so that a file of 100,000 processes fits
in memory; flags that compare processes are found at the end. `printed(findings)` is the published form of the answer.

A process is told once, as a compiled release or a record's `compiledRelease`. Told again, it counts once, as the
release with the latest date tells it; so the answer does not depend on the order of the releases.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final

from contracts.ocds.flags.indicators import CODES, INDICATORS, Indicator
from contracts.ocds.flags.process import Process
from contracts.ocds.flags.values import PUBLISHED, Fences, Findings, Flag, Group, Settings

__all__ = ["CODES", "PUBLISHED", "Fences", "Finder", "Findings", "Flag", "Group", "Settings", "find", "printed"]

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Finder:
    """Takes releases one by one and answers at the end."""

    def __init__(self, *, codes: Iterable[str] = CODES, settings: Settings = PUBLISHED) -> None:
        wanted = frozenset(codes)
        if unknown := wanted.difference(CODES):
            raise ValueError(f"unknown indicators: {', '.join(sorted(unknown))}")
        self._settings = settings
        self._indicators: tuple[Indicator, ...] = tuple(one for one in INDICATORS if one.code in wanted)
        # R024 and R058 keep the same fact: looks are told apart by their function.
        self._facts: dict[Callable[..., Any], dict[str, Any]] = {one.look: {} for one in self._indicators}
        self._told: dict[str, datetime] = {}

    def add(self, release: Mapping[str, Any]) -> None:
        """Look at one release. One without an ocid is no process; a cancelled or excluded one says nothing."""
        process = Process(release, self._settings.currency)
        if not process.ocid:
            return
        told = process.told_at or EARLIEST
        found = self._look(process)
        before = self._told.get(process.ocid)
        if before is not None and not self._is_newer(process.ocid, told, before, found):
            return
        self._told[process.ocid] = told
        for look, kept in self._facts.items():
            fact = found.get(look)
            if fact is not None:
                kept[process.ocid] = fact
            elif before is not None:
                kept.pop(process.ocid, None)

    def findings(self) -> Findings:
        """Every flag of what was added, sorted by group, id and indicator."""
        flags: list[Flag] = []
        taken: dict[tuple[str, Group], Fences] = {}
        for indicator in self._indicators:
            for told in indicator.judge(indicator.code, self._facts[indicator.look], self._settings):
                if isinstance(told, Flag):
                    flags.append(told)
                else:
                    taken[indicator.code, told[0]] = told[1]
        flags.sort(key=lambda flag: (ORDER[flag.group], flag.about, flag.indicator, flag.process))
        return Findings(tuple(flags), len(self._told), taken)

    def _look(self, process: Process) -> dict[Callable[..., Any], Any]:
        if process.cancelled or process.method_details in self._settings.left_out:
            return {}
        return {look: look(process, self._settings) for look in self._facts}

    def _is_newer(self, ocid: str, told: datetime, before: datetime, found: Mapping[Callable[..., Any], Any]) -> bool:
        """The later date wins; of two releases of one date, whichever says more, so that order plays no part."""
        if told != before:
            return told > before
        return _weight(found.get(look) for look in self._facts) > _weight(
            kept.get(ocid) for kept in self._facts.values()
        )


ORDER: Final = {group: place for place, group in enumerate(Group)}


def _weight(facts: Iterable[Any]) -> tuple[int, str]:
    told = list(facts)
    return sum(fact is not None for fact in told), repr(told)


def find(
    releases: Iterable[Mapping[str, Any]], *, codes: Iterable[str] = CODES, settings: Settings = PUBLISHED
) -> Findings:
    """Every flag in an iterable of releases. Raises ValueError for a code that is not in `CODES`."""
    finder = Finder(codes=codes, settings=settings)
    for release in releases:
        finder.add(release)
    return finder.findings()


def printed(findings: Findings) -> str:
    """The published form: groups, then ids, then indicators, sorted; a value is the JSON number next to the exact one.

    One line, which ends with a line feed.
    """
    told: dict[str, dict[str, dict[str, float]]] = {}
    for flag in findings.flags:
        told.setdefault(flag.group.value, {}).setdefault(flag.about, {})[flag.indicator] = _number(flag.value)
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"
    # Half a surrogate pair, which JSON can escape but UTF-8 cannot write, goes out as the escape it came in as.
    return text.encode(errors="backslashreplace").decode()


def _number(value: Fraction) -> float:
    return value.numerator / value.denominator
