"""The verbs of the contracting process, a file per noun. The last gate: page, API, admin, task and shell pass it."""
