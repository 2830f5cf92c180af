"""The questions as files: decks, their schema, loader, linter and search. No Streamlit, no torch."""
