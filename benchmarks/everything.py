"""All measurements in their order, on one company whose history grows meanwhile, and the tables that tell them."""

import time
from collections.abc import Callable, Iterator, Sequence
from io import StringIO

from django.core.management import call_command
from django.db import connection

from benchmarks import history, market, pages, peers, profiling, reading, settling, workers
from benchmarks.settling import SEAL, SHARDS, START, Night, Taken
from benchmarks.sizes import Sizes
from benchmarks.tables import median, spread, table
from ledger import days

L = "L is COPY of the same lines into an unlogged table without index, the median of several in the same round."


def seed(sizes: Sizes) -> None:
    """The company, with one settled night."""
    call_command(
        "seed_company",
        people=sizes.people,
        microenterprises=sizes.microenterprises,
        projects=sizes.projects,
        days=1,
        stdout=StringIO(),
    )


def measure(sizes: Sizes, say: Callable[[str], None], *, profile: bool = False) -> Iterator[str]:
    """Every table as soon as it is known."""
    deadline = time.monotonic() + sizes.minutes * 60
    say("Pages.")
    yield _pages("Pages of the company", pages.measure(sizes.requests))
    say("Nights against COPY, and hordak.")
    _warm_up()
    first, posted = _rounds(sizes)
    yield _nights(first)
    yield _parts(first)
    yield _peer(first, posted)
    say("One worker and two.")
    yield _workers(workers.measure(sizes.pairs))
    if profile:
        yield from _profile()
    say("History.")
    nights = history.settle_until(sizes.lines, deadline=deadline, say=say)
    yield _history(first, nights, sizes)
    yield _night_by_night(first, nights)
    say("Reading and proving it.")
    rows = settling.posting_rows(nights[-1].day if nights else first[-1].day)
    yield from _reading(rows, sizes)
    yield _proofs(reading.prove())
    say("A large market.")
    yield _market(market.enlarge(sizes.crowd, sizes.bids_each), market.measure(sizes.requests))
    yield _opening(market.open_many(sizes.opening))


def _warm_up() -> None:
    """The company's first shared night opens an account for every member, once; it is not measured."""
    settling.settle(settling.next_plain_day(), copies=1, lines_before=0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _rounds(sizes: Sizes) -> tuple[list[Night], list[peers.Posted]]:
    nights, posted = [], []
    with peers.hordak(sizes.peer) as hordak:
        for night in settling.rounds(sizes.rounds, copies=5):
            nights.append(night)
            posted.append(hordak.post(night.day))
    return nights, posted


# --- Tables -----------------------------------------------------------------------------------------------------------


def _market(there: tuple[int, int], measured: Sequence[pages.Measured]) -> str:
    projects, bids = there
    return _pages(f"Pages of a market of {projects:,} projects and {bids:,} bids", measured)


def _opening(opening: market.Opening) -> str:
    each = opening.seconds * 1000 / max(1, opening.bids)
    rows = [("opening a project", f"{opening.bids:,}", f"{opening.seconds:.2f}", f"{each:.1f}")]
    return "Opening sealed bids\n\n" + table(("opening", "bids", "seconds", "ms a bid"), rows)


def _pages(title: str, measured: Sequence[pages.Measured]) -> str:
    rows = [
        (
            page.name,
            f"{page.ratio:.2f}",
            f"{page.milliseconds:.1f}",
            str(page.statements),
            f"{page.database:.1f}",
            f"{page.kilobytes:.0f}",
        )
        for page in measured
    ]
    heads = ("page", "x F", "ms", "SQL", "ms in SQL", "HTML kB")
    return f"{title} (F is a trivial view of 50 rows without middleware)\n\n{table(heads, rows)}"


def _nights(nights: Sequence[Night]) -> str:
    last = nights[-1]
    told = (
        f"{len(nights)} nights in one process: {last.microenterprises:,} MEs, of which {last.shared:,} shared, "
        f"{last.postings:,} lines. {L}"
    )
    rows = [
        _against_copy("whole night", nights, lambda taken: taken.whole),
        _against_copy("of it: start (close the date, write the manifest)", nights, lambda taken: taken.phase(START)),
        _against_copy("of it: shards (facts, calculation, posting)", nights, lambda taken: taken.phase(SHARDS)),
        _against_copy("of it: seal (proof again, snapshot)", nights, lambda taken: taken.phase(SEAL)),
        _against_copy("post: exact split, posting, commits of shards", nights, lambda taken: taken.posting),
        _against_copy("L", nights, lambda taken: taken.copy),
    ]
    return f"{told}\n\n{table(('one run', 'x L', 'x L on the processor', 'ms'), rows)}"


def _against_copy(name: str, nights: Sequence[Night], part: Callable[[Taken], float]) -> tuple[str, str, str, str]:
    return (
        name,
        spread([part(night.taken) / night.taken.copy for night in nights]),
        spread([part(night.on_processor) / night.on_processor.copy for night in nights]),
        spread([part(night.taken) * 1000 for night in nights], 0),
    )


def _parts(nights: Sequence[Night]) -> str:
    parts = {part for night in nights for part in night.taken.parts}
    rows = []
    for part in sorted(parts, key=lambda part: ((START, SHARDS, SEAL).index(part[0]), part[1])):
        ways = [
            [taken.parts.get(part, 0.0) / taken.copy for taken in way]
            for way in ([night.taken for night in nights], [night.on_processor for night in nights])
        ]
        rows.append((": ".join(part), *(spread(ratios, 2) for ratios in ways)))
    return "Parts of those nights\n\n" + table(("part", "x L", "x L on the processor"), rows)


def _peer(nights: Sequence[Night], posted: Sequence[peers.Posted]) -> str:
    part = posted[-1]
    told = (
        f"django-hordak 2.0 posts {part.microenterprises:,} of the same entries ({part.postings:,} lines) in the same "
        f"rounds; the whole night is extrapolated by lines (x {1 / part.share:,.0f}). Ours: split, posting and commit, "
        "and the whole night."
    )
    rows = []
    for name, whole in (
        ("by its API, a transaction each (extrapolated)", [each.whole_api for each in posted]),
        ("in bulk, one transaction (extrapolated)", [each.whole_bulk for each in posted]),
    ):
        in_copies = [seconds / night.taken.copy for seconds, night in zip(whole, nights, strict=True)]
        to_post = [seconds / night.taken.posting for seconds, night in zip(whole, nights, strict=True)]
        to_night = [seconds / night.taken.whole for seconds, night in zip(whole, nights, strict=True)]
        rows.append((name, spread(in_copies, 0), spread(to_post, 0), spread(to_night, 0)))
    return f"{told}\n\n{table(('hordak', 'x L', 'x our posting', 'x our whole night'), rows)}"


def _workers(pairs: Sequence[workers.Pair]) -> str:
    rows = [
        (
            "whole night",
            spread([pair.one * 1000 for pair in pairs], 0),
            spread([pair.two * 1000 for pair in pairs], 0),
            spread([pair.one / pair.two for pair in pairs], 2),
            spread([pair.one / pair.copy for pair in pairs]),
            spread([pair.two / pair.copy for pair in pairs]),
        ),
        (
            "its shards",
            spread([pair.one_shards * 1000 for pair in pairs], 0),
            spread([pair.two_shards * 1000 for pair in pairs], 0),
            spread([pair.one_shards / pair.two_shards for pair in pairs], 2),
            spread([pair.one_shards / pair.copy for pair in pairs]),
            spread([pair.two_shards / pair.copy for pair in pairs]),
        ),
    ]
    heads = ("two processes on one run", "one, ms", "two, ms", "times as fast", "one, x L", "two, x L")
    return (
        f"{len(pairs)} pairs of nights, one worker and two, the server on the same cores. {L}\n\n{table(heads, rows)}"
    )


def _history(first: Sequence[Night], nights: Sequence[Night], sizes: Sizes) -> str:
    everything = [*first, *nights]
    base = list(first)
    held = settling.lines_of_history()
    rows = []
    for mark in (0, sizes.lines // 10, sizes.lines):
        band = (
            [night for night in base if night.is_ordinary]
            if not mark
            else history.nearest(everything, mark, sizes.rounds)
        )
        if not band:
            continue
        against = median([night.taken.ratio for night in band]) / median([night.taken.ratio for night in base])
        busy = median([night.on_processor.whole for night in band]) / median(
            [night.on_processor.whole for night in base]
        )
        rows.append(
            (
                f"{min(night.lines_before for night in band):,} to {max(night.lines_before for night in band):,}",
                str(len(band)),
                spread([night.taken.ratio for night in band]),
                f"{against - 1:+.0%}",
                f"{busy - 1:+.0%}",
                spread([night.taken.phase(SHARDS) / night.taken.copy for night in band]),
                spread([night.taken.phase(SEAL) / night.taken.copy for night in band]),
                spread([night.log_bytes / 1e6 for night in band]),
            )
        )
    told = (
        f"The same night with more and more history: {settling.nights_settled()} nights in a row, all of them settled, "
        f"{held:,} lines in the end"
    )
    if held < sizes.lines:
        told += f" (asked for {sizes.lines:,}; {sizes.minutes} minutes were over before)"
    heads = (
        "lines before",
        "nights",
        "whole night x L",
        "against the first",
        "in seconds on the processor",
        "shards x L",
        "seal x L",
        "log MB",
    )
    return f"{told}\n\n{table(heads, rows)}"


def _night_by_night(first: Sequence[Night], nights: Sequence[Night]) -> str:
    everything = [*first, *nights]
    rows = [
        (
            f"{ten[0].day} to {ten[-1].day}",
            f"{ten[0].lines_before:,}",
            spread([night.taken.ratio for night in ten]),
            f"{median([night.taken.whole for night in ten]):.2f}",
            f"{median([night.taken.copy for night in ten]) * 1000:.0f}",
            spread([night.log_bytes / 1e6 for night in ten]),
            "0",
        )
        for ten in history.tens(everything)
    ]
    rows += [
        (
            str(night.day),
            f"{night.lines_before:,}",
            f"{night.taken.ratio:.1f}",
            f"{night.taken.whole:.2f}",
            f"{night.taken.copy * 1000:.0f}",
            f"{night.log_bytes / 1e6:.1f}",
            f"{night.one_by_one:,}",
        )
        for night in everything
        if not night.is_ordinary
    ]
    told = "Night by night: ordinary ones ten by ten, then those with a month's pay, draws or a year's beginning"
    heads = ("dates", "lines before", "x L", "seconds", "L ms", "log MB", "MEs one by one")
    return f"{told}\n\n{table(heads, rows)}"


def _reading(rows: str, sizes: Sizes) -> Iterator[str]:
    reads, copies, shown = reading.measure(rows, sizes.rounds, sizes.requests)
    lines = settling.lines_of_history()
    told = f"Reading books of {lines:,} lines, sealed through {days.sealed_through()}. {L}"
    cells = [
        (
            read.name,
            f"{read.records:,}",
            spread([each * 1000 for each in read.database], 1),
            spread([each / copy for each, copy in zip(read.database, copies, strict=True)], 2),
            spread([each * 1000 for each in read.seconds], 1),
        )
        for read in reads
    ]
    heads = ("reading", "rows", "ms in the database", "x L in the database", "ms with its rows in Python")
    yield f"{told}\n\n{table(heads, cells)}"
    yield _pages(f"Pages over books of {lines:,} lines", shown)


def _proofs(proved: Sequence[reading.Proved]) -> str:
    rows = [
        (each.name, f"{each.lines:,}", f"{each.seconds:.1f}", f"{each.lines / each.seconds:,.0f}") for each in proved
    ]
    return "Proving the books\n\n" + table(("proof", "lines", "seconds", "lines a second"), rows)


def _profile() -> Iterator[str]:
    for title, (seconds, costs) in (
        ("statement", profiling.statements(30)),
        ("Python function", profiling.functions(40)),
    ):
        rows = [
            (f"`{each.name}`", f"{each.seconds * 1000:.0f}", f"{each.seconds / seconds:.1%}", str(each.calls))
            for each in costs
        ]
        yield f"One night of {seconds:.2f} s by {title}\n\n" + table((title, "ms", "of the night", "calls"), rows)
