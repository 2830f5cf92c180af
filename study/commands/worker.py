"""`python -m study worker`: the process that the server starts to grade exercises and draw computed items."""

from __future__ import annotations

import argparse


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("worker", help="serve the desk: jobs on stdin, answers on stdout (started by the app)")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Serve until stdin ends; does not return."""
    from study import worker

    del options
    worker.main()
