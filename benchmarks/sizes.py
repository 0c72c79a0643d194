"""How large a run of the benchmarks is."""

from typing import NamedTuple


class Sizes(NamedTuple):
    """people, microenterprises, projects: of the seeded company. requests: of each page. rounds: nights against COPY.
    pairs: of nights with one and with two workers. lines: of history in the end, unless `minutes` are over before.
    peer: MEs whose postings django-hordak posts too. crowd, bids_each: projects of the large market, and bids on each
    that has ended. opening: sealed bids on the project that is opened.
    """

    people: int
    microenterprises: int
    projects: int
    requests: int
    rounds: int
    pairs: int
    lines: int
    minutes: int
    peer: int
    crowd: int
    bids_each: int
    opening: int


FULL = Sizes(
    people=80_000,
    microenterprises=4_000,
    projects=200,
    requests=40,
    rounds=9,
    pairs=5,
    lines=10_000_000,
    minutes=12,
    peer=40,
    crowd=102_000,
    bids_each=10,
    opening=500,
)
QUICK = Sizes(
    people=800,
    microenterprises=40,
    projects=60,
    requests=20,
    rounds=5,
    pairs=2,
    lines=50_000,
    minutes=1,
    peer=10,
    crowd=2_000,
    bids_each=5,
    opening=30,
)
