"""The mock interview: planning, asking, the clock, saving and the report. Pure functions of plain data."""
