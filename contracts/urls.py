"""The addresses of this room."""

from django.urls import path

from contracts.views import contracts

urlpatterns = [
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
