"""Where the README's speed figures come from. `make bench` runs all; each module runs alone with `python -m`."""
