"""What a person may type, a file per noun. Rules of the market are in the actions, not here."""
