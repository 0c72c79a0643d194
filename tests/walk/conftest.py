"""The walk comes first: one test process walks while the other runs the rest.

After it, in the same process and so in the market that the walk has left, comes what else starts `make run`.
"""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_FIRST = (_HERE, _HERE.parent / "embedded" / "test_run.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    ours = (place for place, path in enumerate(_FIRST) if path in (item.path, *item.path.parents))
    return next(ours, len(_FIRST))
