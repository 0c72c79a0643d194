"""The addresses of this room. In the talent pool's people are invited and answer, MEs are launched and wound up."""

from django.urls import path

from microenterprises.views import firms, ideas, money, pledges, seats, terms

urlpatterns = [
    path("microenterprises/", firms.microenterprise_list, name="microenterprise_list"),
    path("microenterprises/<uuid:pk>/", firms.microenterprise_detail, name="microenterprise_detail"),
    path("microenterprises/<uuid:pk>/money/", money.microenterprise_money, name="microenterprise_money"),
    path(
        "microenterprises/<uuid:pk>/money/<uuid:record>/reverse/",
        money.money_record_reverse,
        name="money_record_reverse",
    ),
    path("microenterprises/<uuid:pk>/books/", money.microenterprise_books, name="microenterprise_books"),
    path("microenterprises/<uuid:pk>/terms/", terms.microenterprise_terms, name="microenterprise_terms"),
    path("microenterprises/<uuid:pk>/terms/new/", terms.terms_propose, name="terms_propose"),
    path("microenterprises/<uuid:pk>/ballots/<uuid:ballot>/vote/", terms.ballot_vote, name="ballot_vote"),
    path("microenterprises/<uuid:pk>/ballots/<uuid:ballot>/withdraw/", terms.ballot_withdraw, name="ballot_withdraw"),
    path("microenterprises/<uuid:pk>/seats/new/", seats.microenterprise_seat_new, name="microenterprise_seat_new"),
    path("microenterprises/<uuid:pk>/members/<uuid:member>/", firms.membership_detail, name="membership_detail"),
    path("microenterprises/<uuid:pk>/members/<uuid:member>/leave/", firms.membership_leave, name="membership_leave"),
    path("microenterprises/<uuid:pk>/members/<uuid:member>/lead/", firms.membership_lead, name="membership_lead"),
    path("platforms/<uuid:pk>/", firms.platform_detail, name="platform_detail"),
    path("ideas/", ideas.idea_list, name="idea_list"),
    path("ideas/new/", ideas.idea_new, name="idea_new"),
    path("ideas/<uuid:pk>/", ideas.idea_detail, name="idea_detail"),
    path("ideas/<uuid:pk>/edit/", ideas.idea_edit, name="idea_edit"),
    path("ideas/<uuid:pk>/publish/", ideas.idea_publish, name="idea_publish"),
    path("ideas/<uuid:pk>/withdraw/", ideas.idea_withdraw, name="idea_withdraw"),
    path("ideas/<uuid:pk>/pledge/", pledges.idea_pledge, name="idea_pledge"),
    path("ideas/<uuid:pk>/seats/new/", seats.idea_seat_new, name="idea_seat_new"),
    path("ideas/pledges/", pledges.pledge_list, name="pledge_list"),
    path("pledges/<uuid:pk>/receive/", pledges.pledge_receive, name="pledge_receive"),
    path("pledges/<uuid:pk>/refund/", pledges.pledge_refund, name="pledge_refund"),
    path("seats/<uuid:pk>/withdraw/", seats.seat_withdraw, name="seat_withdraw"),
    path("invitations/<uuid:pk>/withdraw/", seats.invitation_withdraw, name="invitation_withdraw"),
]
