"""The books: entities, accounts, entries and their lines. Knows nothing of the market; imports only `core`."""
