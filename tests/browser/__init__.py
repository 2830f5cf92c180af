"""What a person sees, in real Chromium, on a real server."""
