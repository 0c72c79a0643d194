"""The addresses of this room."""

from django.urls import path

from contracts.views import amendments, awards, bids, contracts, decisions, projects

urlpatterns = [
    path("projects/", projects.project_list, name="project_list"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("projects/<uuid:pk>/", projects.project_detail, name="project_detail"),
    path("projects/<uuid:pk>/edit/", projects.project_edit, name="project_edit"),
    path("projects/<uuid:pk>/publish/", projects.project_publish, name="project_publish"),
    path("projects/<uuid:pk>/cancel/", projects.project_cancel, name="project_cancel"),
    path("projects/<uuid:pk>/bid/", bids.bid_submit, name="bid_submit"),
    path("projects/<uuid:pk>/change/", amendments.project_amend, name="project_amend"),
    path("projects/<uuid:pk>/bid/confirm/", amendments.bid_confirm, name="bid_confirm"),
    path("projects/<uuid:pk>/bid/withdraw/", bids.bid_withdraw, name="bid_withdraw"),
    path("projects/<uuid:pk>/bids/<uuid:bid>/receipt/", bids.bid_receipt, name="bid_receipt"),
    path("projects/<uuid:pk>/bids/<uuid:bid>/disqualify/", awards.bid_disqualify, name="bid_disqualify"),
    path("projects/<uuid:pk>/quality/", awards.project_quality, name="project_quality"),
    path("projects/<uuid:pk>/award/<uuid:bid>/", awards.project_award, name="project_award"),
    path("projects/<uuid:pk>/award/agree/", decisions.award_agree, name="award_agree"),
    path("projects/<uuid:pk>/award/take-back/", decisions.award_take_back, name="award_take_back"),
    path("projects/<uuid:pk>/award/object/", decisions.award_object, name="award_object"),
    path("projects/<uuid:pk>/objections/<uuid:objection>/", decisions.objection_rule, name="objection_rule"),
    path("projects/<uuid:pk>/bids/<uuid:bid>/price/", decisions.bid_price, name="bid_price"),
    path("projects/<uuid:pk>/no-award/", awards.project_no_award, name="project_no_award"),
    path("bids/", bids.bid_list, name="bid_list"),
    path("contracts/", contracts.contract_list, name="contract_list"),
    path("contracts/<uuid:pk>/", contracts.contract_detail, name="contract_detail"),
    path("contracts/<uuid:pk>/sign/", contracts.contract_sign, name="contract_sign"),
    path("contracts/<uuid:pk>/change/", contracts.contract_change, name="contract_change"),
    path("contracts/<uuid:pk>/decline/", contracts.contract_decline, name="contract_decline"),
    path("contracts/<uuid:pk>/milestones/<int:number>/deliver/", contracts.milestone_deliver, name="milestone_deliver"),
    path("contracts/<uuid:pk>/milestones/<int:number>/accept/", contracts.milestone_accept, name="milestone_accept"),
    path("contracts/<uuid:pk>/milestones/<int:number>/reject/", contracts.milestone_reject, name="milestone_reject"),
    path("contracts/<uuid:pk>/rate/", contracts.contract_rate, name="contract_rate"),
    path("contracts/<uuid:pk>/terminate/", contracts.contract_terminate, name="contract_terminate"),
    path("contracts/<uuid:pk>/go-on/", contracts.contract_withdraw_end, name="contract_withdraw_end"),
    path("contracts/<uuid:pk>/acceptor/", contracts.contract_acceptor, name="contract_acceptor"),
]
