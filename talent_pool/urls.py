"""The addresses of the talent pool."""

from django.urls import path

from talent_pool import views

urlpatterns = [
    path("talent/", views.pool_list, name="talent_pool"),
    path("talent/seats/", views.seat_list, name="seat_list"),
    path("talent/me/", views.my_place, name="my_place"),
    path("talent/seats/<uuid:pk>/ask/", views.seat_ask, name="seat_ask"),
    path("talent/invitations/<uuid:pk>/", views.invitation, name="invitation"),
    path("talent/people/<uuid:pk>/", views.pool_entry, name="pool_entry"),
    path("talent/teams/new/", views.team_new, name="team_new"),
    path("talent/teams/<uuid:pk>/launch/", views.team_launch, name="team_launch"),
    path("talent/teams/<uuid:pk>/leave/", views.team_leave, name="team_leave"),
    path("talent/teams/<uuid:pk>/end/", views.team_end, name="team_end"),
    path("seats/<uuid:pk>/invite/", views.seat_invite, name="seat_invite"),
    path("ideas/<uuid:pk>/launch/", views.idea_launch, name="idea_launch"),
    path("talent/wind-up/<uuid:pk>/", views.wind_up_page, name="wind_up"),
]
