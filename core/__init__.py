"""Mechanisms without business nouns: errors, money, clock, audit, lifecycle, http, paging."""
