"""The API of OCDS: the feed of releases, the record of a process, a package of what changed on some dates.

For every colleague; releases of a contract for who may read the contract. The texts are the stored ones, passed on as
they are, so that no amount goes through a float on the way. What it all means stands in docs/ocds.md.
"""

from datetime import date
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from contracts.models import Release
from contracts.models.releases import ReleaseQuerySet
from contracts.ocds import packages
from contracts.queries import releases as queries
from core.clock import market_now
from core.errors import Invalid
from core.viewsets import MarketCursor

JSON: Final = "application/json"
LONGEST_DAYS: Final = 366
FORMATS: Final = ("releases", "records")


def _visible(request: Request) -> ReleaseQuerySet:
    user: Any = request.user
    return Release.objects.visible_to(user)


@extend_schema(
    operation_id="ocds_releases",
    parameters=[
        OpenApiParameter("cursor", str, description="`cursor` of the last answer; empty reads from the beginning."),
        OpenApiParameter("size", int, description="How many releases at most, 1 to 200; 50 when not given."),
    ],
    responses=OpenApiTypes.OBJECT,
)
@api_view(["GET"])
def releases(request: Request) -> HttpResponse:
    """The change feed: a release package of the next releases, each once and none left out.

    Ask again with `cursor` of the answer. `more` says whether to ask at once; otherwise everything that is settled is
    read. A cursor that is not known here, as after an older copy of the database was restored, is a 404: read from the
    beginning then.
    """
    cursor = request.query_params.get("cursor", "")
    after = queries.place_of(cursor) if cursor else None
    if cursor and after is None:
        raise NotFound(_("This cursor is not known here. Read the feed from the beginning, without a cursor."))
    size = _size(request.query_params)
    found = queries.feed(_visible(request), after, size + 1)
    rows = found[:size]
    follows = queries.cursor_of(rows[-1]) if rows else cursor
    body = packages.release_package(
        (row.body for row in rows),
        publisher=queries.publisher(),
        uri=_address(request, cursor=cursor, size=str(size)),
        published=market_now(),
        cursor=follows,
        epoch=rows[-1].epoch if rows else after.epoch if after else 0,
        more=len(found) > size,
        links={"next": _address(request, cursor=follows, size=str(size))},
    )
    return HttpResponse("".join(body), content_type=JSON)


@extend_schema(operation_id="ocds_record", responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
def record(request: Request, ocid: str) -> HttpResponse:
    """One process: a record package with all its releases, oldest first, and the compiled release they come to."""
    rows = list(_visible(request).filter(ocid=ocid).order_by("date", "id")) if "\0" not in ocid else []
    if not rows:
        raise NotFound(_("There is no release of this process. Drafts have none; new ones get theirs within minutes."))
    body = packages.record_package(
        [queries.record(rows)], publisher=queries.publisher(), uri=_address(request), published=rows[-1].date
    )
    return HttpResponse("".join(body), content_type=JSON)


@extend_schema(
    operation_id="ocds_package",
    parameters=[
        OpenApiParameter("from", date, required=True, description="The first company date."),
        OpenApiParameter("to", date, required=True, description="The last company date, included."),
        OpenApiParameter("as", str, enum=FORMATS, description="`releases` when not given."),
    ],
    responses=OpenApiTypes.OBJECT,
)
@api_view(["GET"])
def package(request: Request) -> StreamingHttpResponse:
    """What changed on some dates as a release package, or the records of the processes that changed; streamed."""
    since, until = _date(request.query_params, "from"), _date(request.query_params, "to")
    form = request.query_params.get("as") or FORMATS[0]
    if form not in FORMATS:
        raise Invalid(_("Ask for “releases” or for “records”."), field="as")
    if not 0 <= (until - since).days < LONGEST_DAYS:
        raise Invalid(_("Ask for one to %(most)s days, the first one first.") % {"most": LONGEST_DAYS}, field="to")
    visible = _visible(request)
    changed = queries.changed(visible, since, until)
    frame: Any = {"publisher": queries.publisher(), "uri": request.build_absolute_uri(), "published": market_now()}
    if form == "records":
        pieces = packages.record_package(queries.records(visible, changed), **frame)
    else:
        pieces = packages.release_package(queries.bodies(changed), **frame)
    return StreamingHttpResponse(pieces, content_type=JSON)


def _size(asked: QueryDict) -> int:
    given = asked.get("size", "")
    if not given.isdecimal() or len(given) > 9:
        return MarketCursor.page_size
    return min(max(int(given), 1), MarketCursor.max_page_size)


def _date(asked: QueryDict, name: str) -> date:
    try:
        return date.fromisoformat(asked.get(name, ""))
    except ValueError:
        raise Invalid(_("Give a date like 2026-11-22."), field=name) from None


def _address(request: Request, **query: str) -> str:
    """Where this was asked, by the market's public address."""
    asked = QueryDict(mutable=True)
    asked.update({name: value for name, value in query.items() if value})
    return f"{settings.PUBLIC_URL}{request.path}{'?' if asked else ''}{asked.urlencode()}"
