"""Load, act, answer: one function per page, a file per noun."""
