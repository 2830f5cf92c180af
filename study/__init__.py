"""The quiz engine: scheduling, what to ask next, storage, statistics. No Streamlit, no torch."""
