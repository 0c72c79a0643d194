"""The addresses of this room."""

from django.urls import path

from insights import views

urlpatterns = [path("insights/", views.glance, name="insights")]
