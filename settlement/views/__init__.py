"""The settlement's pages, a file per noun."""
