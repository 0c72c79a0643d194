"""The ESCO skills that ship with the project, and their loader."""
