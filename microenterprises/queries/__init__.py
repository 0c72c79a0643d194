"""Reads made for the pages of this room and for the home page. Nothing is written or decided here."""
