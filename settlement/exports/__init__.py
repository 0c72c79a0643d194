"""What leaves the house as a file, a module per noun. How rows become bytes is told in `files` alone.

`catalogue` names every export with its permission, its filters and its formats; pages and the worker both go through
it. `making` is the worker's side of exports made in the background. Payment files are not here: see the payouts.
"""
