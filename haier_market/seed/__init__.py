"""A living company for demos, tests and benchmarks: believable people, firms, contracts, money and settled nights.

`company.build` is the way in (`manage.py seed_company`). Rows are planned by the files of this package and written by
COPY as the rooms' own actions would leave them; money goes through `ledger.writer`, nights through
`settlement.actions`.
Nothing here runs in production's daily life, and no rule of the market may be decided here.
"""
