"""Reads that span models, made for one page or report each. They change nothing."""
