"""Computed items: numbers and shapes that torch works out when the item is drawn. Needs torch: never in the server.

The server handles what `draw` returns (`study.drawn`) and grades it (`study.grading.numbers`) without torch. A new
file in this folder is found by itself.
"""

from importlib import import_module
from pkgutil import iter_modules

from study.computed.registry import UnknownGenerator, draw, names

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["UnknownGenerator", "draw", "names"]
