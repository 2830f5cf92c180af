"""What tests, benchmarks and screenshots share: a real server, and Chromium to look at it."""
