"""The study database below the store: connecting, the tables, and the migrations that lead to them."""
