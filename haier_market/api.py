"""The addresses of the API: one router, its viewsets live in each room's `api.py`; the schema; a page that reads it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from contracts import ocds_api
from contracts.api import BidViewSet, ContractViewSet, LotSetViewSet, ProjectViewSet
from core.http import Request
from microenterprises.api import MicroenterpriseViewSet
from settlement.api import RunViewSet, StatementViewSet
from settlement.payout_api import PayoutViewSet

router = DefaultRouter(use_regex_path=False)
router.include_format_suffixes = False
router.register("projects", ProjectViewSet, basename="api-project")
router.register("lot-sets", LotSetViewSet, basename="api-lot-set")
router.register("bids", BidViewSet, basename="api-bid")
router.register("contracts", ContractViewSet, basename="api-contract")
router.register("microenterprises", MicroenterpriseViewSet, basename="api-microenterprise")
router.register("statements", StatementViewSet, basename="api-statement")
router.register("runs", RunViewSet, basename="api-run")
router.register("payouts", PayoutViewSet, basename="api-payout")


@require_safe
def browse(request: Request) -> HttpResponse:
    """The API as a page: every address with what it does, what goes in and what comes out."""
    generator: Any = SchemaGenerator
    schema = generator(api_version="1").get_schema(request=None, public=True)
    deeds = [
        {"address": address, "method": method.upper(), "says": deed.get("description", ""), "id": deed["operationId"]}
        for address, methods in schema["paths"].items()
        for method, deed in methods.items()
    ]
    return render(request, "api/browse.html", {"deeds": deeds})


urlpatterns = [
    path("", browse, name="api_browse"),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("v1/ocds/releases/", ocds_api.releases, name="api-ocds-releases"),
    path("v1/ocds/records/<str:ocid>/", ocds_api.record, name="api-ocds-record"),
    path("v1/ocds/packages/", ocds_api.package, name="api-ocds-package"),
    path("v1/", include(router.urls)),
]
