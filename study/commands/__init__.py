"""The commands of `python -m study`, a module each: `register(commands)` adds its parser, with `command` as default."""
