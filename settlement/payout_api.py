"""The API of payouts: read only, for finance and the auditor. Accounts are masked here as on every page."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.viewsets import ReadOnlyMarketViewSet
from settlement import payable
from settlement.models import Payment, PayoutBatch


class PayoutSerializer(serializers.ModelSerializer[PayoutBatch]):
    """A payout with its sums, in minor units."""

    class Meta:
        model = PayoutBatch
        fields = (
            "id", "number", "currency", "status", "runs_from", "runs_through", "size", "total_minor",
            "without_details", "without_details_minor", "withheld_minor", "done", "execution_date", "payments_sha256",
            "created_at", "sent_at", "paid_at", "cancelled_at",
        )  # fmt: skip


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """One payment, in minor units; the account by its last characters."""

    person = serializers.CharField(source="person.name")
    account = serializers.CharField(source="details.masked")

    class Meta:
        model = Payment
        fields = ("id", "number", "person", "account", "currency", "amount_minor", "status", "reason")


class PayoutViewSet(ReadOnlyMarketViewSet):
    """Payouts, newest first; for finance and the auditor."""

    queryset = PayoutBatch.objects.none()
    serializer_class = PayoutSerializer
    cursor_by = ("-number",)

    def get_queryset(self) -> QuerySet[PayoutBatch]:
        user: Any = self.request.user
        return PayoutBatch.objects.visible_to(user)

    @extend_schema(responses=PaymentSerializer(many=True))
    @action(detail=True, methods=["get"])
    def payments(self, request: Request, pk: Any = None) -> Response:
        """The payments of a payout, a page at a time by cursor; accounts by their last characters."""
        user: Any = request.user
        self.cursor_by = ("number",)
        rows = self.paginate_queryset(payable.payments_of(self.get_object(), user))
        return self.get_paginated_response(PaymentSerializer(rows, many=True).data)
