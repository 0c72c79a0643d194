"""The addresses of this room, below `people/`."""

from django.urls import path

from people import views

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("me/calendar/", views.calendar, name="my_calendar"),
    path("me/skills/", views.skills, name="my_skills"),
    path("me/notices/", views.notice_list, name="notice_list"),
    path("me/notices/<uuid:pk>/read/", views.notice_read, name="notice_read"),
]
