"""The verbs of the settlement, a file per noun. The last gate: page, API, task and shell pass it."""
