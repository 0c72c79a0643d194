"""The sentences of the first page: what a line of `attention` means to its reader, where it leads, how urgent it is.

No queries here; a page that needs another fact adds it to the line's branch. A kind of need has its sentence in the
file of its noun, and its entry in that file's table.
"""

from haier_market.cards.looks import looks, told
from haier_market.cards.motion import moving
from haier_market.cards.needs import needs

__all__ = ["looks", "moving", "needs", "told"]
