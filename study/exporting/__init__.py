"""Out and in: Anki packages, tables, backups and a cheat sheet. No Streamlit, no torch."""
