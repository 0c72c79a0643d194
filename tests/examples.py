"""How many examples drawn tests try: few in every test run, many among the long proofs (`make soak`).

Only for tests whose examples live whole histories in the database; pure ones keep hypothesis's own number.
"""

import os

AT_LENGTH = "MARKET_AT_LENGTH"
"""Set by `tests.run_checks --soak`. A number multiplies the many: MARKET_AT_LENGTH=50 proves more, by hand."""


def examples(few: int, many: int) -> int:
    """`few`, or `many` and its multiples where the long proofs run."""
    return many * int(os.environ[AT_LENGTH]) if os.environ.get(AT_LENGTH) else few
