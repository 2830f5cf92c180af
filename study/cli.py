"""`python -m study`: grade an exercise, check exercises and generators, export, import, fit, and serve the desk."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Sequence

from content.cli import run
from study import commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m study", description="The quiz engine on the command line.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"study.commands.{module.name}").register(subparsers)
    return run(parser.parse_args(arguments))
