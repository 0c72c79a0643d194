"""The API of projects, own bids and contracts: the same actions and permissions as the pages."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contracts import serializers
from contracts.access import contract_or_404, lots_or_404, opened_bid_or_404, project_or_404, question_or_404
from contracts.actions import amendments
from contracts.actions import awards as award_actions
from contracts.actions import bids as bid_actions
from contracts.actions import contracts as contract_actions
from contracts.actions import lots as lot_actions
from contracts.actions import milestones as milestone_actions
from contracts.actions import questions as question_actions
from contracts.models import Bid, Contract, LotSet, Milestone, Project
from contracts.permissions.standing import standing_of
from contracts.proposed import Proposed
from contracts.queries.bids import own_sealed_bids
from contracts.queries.questions import asked_about, askers
from contracts.versions import words_of
from core.clock import business_date, market_now
from core.idempotency import idempotent
from core.viewsets import ReadOnlyMarketViewSet
from microenterprises.models import Microenterprise
from people.models import User


class ProjectViewSet(ReadOnlyMarketViewSet):
    """Projects; `/bids/` lists a project's opened bids, `/questions/` what was asked about it."""

    queryset = Project.objects.none()
    serializer_class = serializers.ProjectSerializer
    cursor_by = ("deadline", "pk")

    def get_queryset(self) -> QuerySet[Project]:
        user: Any = self.request.user
        return Project.objects.visible_to(user).select_related("buyer").prefetch_related("criteria")

    @extend_schema(responses=serializers.OpenedBidSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def bids(self, request: Request, pk: UUID) -> Response:
        """The opened bids of a project; an empty list before the opening, however many there are."""
        user: Any = request.user
        project = project_or_404(user, pk).project
        opened = Bid.objects.visible_to(user).filter(project=project).select_related("microenterprise", "vendor")
        return Response(serializers.OpenedBidSerializer(opened.order_by("pk"), many=True).data)

    @extend_schema(request=serializers.AwardInput, responses={201: serializers.AwardSerializer})
    @action(detail=True, methods=["post"], pagination_class=None)
    @idempotent
    def award(self, request: Request, pk: UUID) -> Response:
        """Choose one opened bid, with a reason for it and for every other valid one. One live award per project."""
        user: Any = request.user
        asked = _valid(serializers.AwardInput, request)
        project = project_or_404(user, pk).project
        bid = opened_bid_or_404(user, project, asked["bid"])
        losers = {row["bid"]: row["reason"] for row in asked["loser_reasons"]}
        made = award_actions.award(project=project, bid=bid, reason=asked["reason"], loser_reasons=losers, by=user)
        return Response(serializers.AwardSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=serializers.AmendInput, responses=serializers.ProjectSerializer)
    @action(detail=True, methods=["post"], pagination_class=None)
    @idempotent
    def amend(self, request: Request, pk: UUID) -> Response:
        """Change a published project before its deadline: only what is sent changes, as a new `revision`."""
        user: Any = request.user
        asked = _valid(serializers.AmendInput, request)
        project = project_or_404(user, pk).project
        reason, seen = asked.pop("reason"), asked.pop("seen")
        if "milestones" in asked:
            asked["milestones"] = tuple(Proposed(**row) for row in asked["milestones"])
        amendments.amend(project=project, words=replace(words_of(project), **asked), reason=reason, seen=seen, by=user)
        return Response(serializers.ProjectSerializer(project_or_404(user, pk).project).data)

    @extend_schema(methods=["GET"], responses=serializers.QuestionSerializer(many=True))
    @extend_schema(methods=["POST"], request=serializers.QuestionInput, responses={201: serializers.QuestionSerializer})
    @action(detail=True, methods=["get", "post"], cursor_by=("-number", "pk"))
    @idempotent
    def questions(self, request: Request, pk: UUID) -> Response:
        """The questions about a project, the newest first; sent to, one more is asked, without one's name."""
        user: Any = request.user
        project = project_or_404(user, pk).project
        if request.method == "POST":
            made = question_actions.ask(project=project, by=user, **_valid(serializers.QuestionInput, request))
            return Response(serializers.QuestionSerializer(made).data, status=status.HTTP_201_CREATED)
        found = self.paginate_queryset(asked_about(project))
        told = serializers.QuestionSerializer(found, many=True, context={"askers": askers(project, found)})
        return self.get_paginated_response(told.data)

    @extend_schema(request=serializers.QuestionInput, responses=serializers.QuestionSerializer)
    @action(detail=True, methods=["post"], pagination_class=None, url_path="questions/<uuid:question>/answer")
    @idempotent
    def answer(self, request: Request, pk: UUID, question: UUID) -> Response:
        """Answer a question, once and for everybody."""
        user: Any = request.user
        asked = question_or_404(project_or_404(user, pk).project, question)
        told = question_actions.answer(question=asked, by=user, **_valid(serializers.QuestionInput, request))
        return Response(serializers.QuestionSerializer(told).data)


class LotSetViewSet(viewsets.GenericViewSet[LotSet]):
    """A need in lots. Each lot is a project and has its own bids and award; here is what is done to all at once."""

    queryset = LotSet.objects.none()
    serializer_class = serializers.LotSetSerializer
    pagination_class = None
    lookup_value_converter = "uuid"

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """A set with the lots that the reader may see."""
        return self._shown(request, pk)

    @extend_schema(request=None, responses=serializers.LotSetSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def publish(self, request: Request, pk: UUID) -> Response:
        """Publish all draft lots of a set at one instant, or none; every ceiling is held."""
        user: Any = request.user
        lot_actions.publish(lot_set=lots_or_404(user, pk).lot_set, by=user)
        return self._shown(request, pk)

    def _shown(self, request: Request, pk: UUID) -> Response:
        user: Any = request.user
        seen = lots_or_404(user, pk)
        prefetch_related_objects(seen.lots, "criteria")
        whole = seen.lot_set
        told = {"id": whole.pk, "title": whole.title, "buyer": whole.buyer, "lots": seen.lots}
        return Response(serializers.LotSetSerializer(told).data)


def own_bids(user: User) -> list[Bid]:
    """The still sealed bids of the MEs somebody leads. Four statements, whatever the number of projects."""
    now = market_now()
    found = own_sealed_bids(standing_of(user, business_date(now)), now)
    for own in found:
        vars(own.bid)["to_confirm"] = own.stale
    return [own.bid for own in found]


class BidViewSet(viewsets.GenericViewSet[Bid]):
    """The sealed bids of the MEs the reader leads. Nobody else's exist here."""

    queryset = Bid.objects.none()
    serializer_class = serializers.OwnBidSerializer
    pagination_class = None
    lookup_value_converter = "uuid"

    def _own(self, request: Request, pk: UUID) -> Bid:
        user: Any = request.user
        found = [bid for bid in own_bids(user) if bid.pk == pk]
        if not found:
            raise Http404
        return found[0]

    @extend_schema(responses=serializers.OwnBidSerializer(many=True))
    def list(self, request: Request) -> Response:
        """My MEs' sealed bids, without their terms."""
        user: Any = request.user
        return Response(serializers.OwnBidSerializer(own_bids(user), many=True).data)

    @extend_schema(responses=serializers.OwnBidTermsSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One own bid with its terms; each reading leaves a sealed trace."""
        user: Any = request.user
        bid = self._own(request, pk)
        terms = bid_actions.read_own_bid(bid=bid, by=user)
        plain = {"price_minor": terms.price_minor, "days": terms.days, "plan": terms.plan, "answers": terms.answers}
        return Response({**serializers.OwnBidSerializer(bid).data, **plain})

    @extend_schema(request=serializers.BidInput, responses={201: serializers.OwnBidSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Submit a sealed bid; the answer is its receipt."""
        user: Any = request.user
        asked = _valid(serializers.BidInput, request)
        project = project_or_404(user, asked.pop("project")).project
        firm = get_object_or_404(Microenterprise.objects.visible_to(user), pk=asked.pop("microenterprise"))
        bid = bid_actions.submit(project=project, microenterprise=firm, **asked, by=user)
        return Response(serializers.OwnBidSerializer(bid).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=serializers.BidTermsInput, responses=serializers.OwnBidSerializer)
    @idempotent
    def update(self, request: Request, pk: UUID) -> Response:
        """Revise; the place in time restarts and the receipt is new."""
        user: Any = request.user
        bid = bid_actions.revise(bid=self._own(request, pk), **_valid(serializers.BidTermsInput, request), by=user)
        return Response(serializers.OwnBidSerializer(bid).data)

    @extend_schema(request=serializers.SeenInput, responses=serializers.OwnBidSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def confirm(self, request: Request, pk: UUID) -> Response:
        """Let the bid stand for the changed words of its project; time priority, terms and receipt stay."""
        user: Any = request.user
        bid = bid_actions.confirm(bid=self._own(request, pk), **_valid(serializers.SeenInput, request), by=user)
        return Response(serializers.OwnBidSerializer(bid).data)

    @extend_schema(responses={204: None})
    @idempotent
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Withdraw before the deadline."""
        user: Any = request.user
        bid_actions.withdraw(bid=self._own(request, pk), by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ContractViewSet(ReadOnlyMarketViewSet):
    """Contracts of one's own MEs; finance, steward and auditor see all."""

    queryset = Contract.objects.none()
    serializer_class = serializers.ContractSerializer
    cursor_by = ("-created_at", "pk")

    def get_queryset(self) -> QuerySet[Contract]:
        user: Any = self.request.user
        found = Contract.objects.visible_to(user).select_related("buyer", "supplier", "supplier_vendor")
        return found if self.action == "list" else found.prefetch_related("versions", "milestones")

    def get_serializer_class(self) -> Any:
        return serializers.ContractSerializer if self.action == "list" else serializers.ContractDetailSerializer

    @extend_schema(request=serializers.SignInput, responses=serializers.ContractDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def sign(self, request: Request, pk: UUID) -> Response:
        """Sign the version whose hash was seen."""
        user: Any = request.user
        seen = contract_or_404(user, pk, business_date())
        contract_actions.sign(contract=seen.contract, **_valid(serializers.SignInput, request), by=user)
        return self._shown()

    @extend_schema(request=serializers.DeliverInput, responses=serializers.ContractDetailSerializer)
    @action(detail=True, methods=["post"], url_path="milestones/<int:number>/deliver")
    @idempotent
    def deliver(self, request: Request, pk: UUID, number: int) -> Response:
        """Deliver a milestone with evidence."""
        user: Any = request.user
        asked = _valid(serializers.DeliverInput, request)
        milestone_actions.deliver(milestone=self._milestone(number), **asked, by=user)
        return self._shown()

    @extend_schema(request=None, responses=serializers.ContractDetailSerializer)
    @action(detail=True, methods=["post"], url_path="milestones/<int:number>/accept")
    @idempotent
    def accept(self, request: Request, pk: UUID, number: int) -> Response:
        """Accept a delivered milestone in full; escrow pays the supplier."""
        user: Any = request.user
        milestone_actions.accept(milestone=self._milestone(number), by=user)
        return self._shown()

    @extend_schema(request=serializers.ReasonInput, responses=serializers.ContractDetailSerializer)
    @action(detail=True, methods=["post"], url_path="milestones/<int:number>/reject")
    @idempotent
    def reject(self, request: Request, pk: UUID, number: int) -> Response:
        """Reject a delivery with a reason."""
        user: Any = request.user
        asked = _valid(serializers.ReasonInput, request)
        milestone_actions.reject(milestone=self._milestone(number), **asked, by=user)
        return self._shown()

    def _milestone(self, number: int) -> Milestone:
        contract: Contract = self.get_object()
        return get_object_or_404(Milestone, contract=contract, number=number)

    def _shown(self) -> Response:
        return Response(serializers.ContractDetailSerializer(self.get_object()).data)


def _valid(serializer: type[Any], request: Request) -> dict[str, Any]:
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
