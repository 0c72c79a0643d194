"""Mechanisms without business nouns: errors, money, clock, audit, lifecycle, http, paging. Knows nothing of the market."""
