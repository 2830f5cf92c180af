from typing import Any

from torch import nn


def replace_head(model: Any, n_classes: int) -> nn.Linear:
    in_features = list(model.modules())[-1].in_features
    model.fc = nn.Linear(in_features, n_classes)
    return model.fc
