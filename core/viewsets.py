"""The base of the API's read views: what the reader may see, a page at a time by cursor, nothing by bare key."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework import mixins, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination


class MarketCursor(CursorPagination):
    """Pages by cursor: page 2,000 costs what page 1 costs, and there is no count to wait for."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "size"


class ReadOnlyMarketViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """List and detail of what `get_queryset` gives; it must start from `.visible_to(user)`.

    `ordering` ends with a unique column; `cursor_by` names it for the pages.
    """

    pagination_class = MarketCursor
    lookup_value_converter = "uuid"
    cursor_by: tuple[str, ...] = ("pk",)

    def paginate_queryset(self, queryset: Any) -> Any:
        paginator: Any = self.paginator
        paginator.ordering = self.cursor_by
        try:
            return super().paginate_queryset(queryset)
        except (ValidationError, ValueError, OverflowError, DataError):
            # The cursor is a value the column it names cannot hold; the paginator believes what it is given.
            raise NotFound(paginator.invalid_cursor_message) from None
