"""Who may do it: `check_*` raises Denied with a sentence for the reader. When it may happen is in `lifecycle`."""
