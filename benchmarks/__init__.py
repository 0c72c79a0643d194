"""How fast pages and the settlement are, always as ratios measured in one run. `make bench`."""
