"""The size x similarity map of transfer learning, filled with measured points. No torch and no pyplot in here.

The textbook recommends a strategy by two words, *how many labels* and *how similar a domain*. Labs that measure both
export `quadrant_point(config, frames) -> Point | None`, None as long as the run cannot say; the map shows what won.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one finished run says: where it lies on the map, and which strategy won there."""

    lab: str
    """Name of the lab."""
    transfer: str
    """Source and target in words, such as "ImageNet to textures"."""
    labels_per_class: int
    similarity: float
    """Probe on pretrained features minus the same probe on a random network's, in points of test accuracy."""
    lead: float
    """Probe minus fine-tuning, in points of test accuracy, mean over replicates."""
    half_width: float | None
    """Half of the lead's 95 % interval; None with fewer than two replicates."""
