"""The discriminative-rates lab: rows of rates, schedules against torch's, unfreezing, and a verdict with two halves."""

from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from demos import training, transfer
from demos.discriminative import experiment, figure, lab
from demos.style import LIGHT
from demos.verdict import run_says


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def short() -> tuple[lab.Config, list[lab.DiscriminativeFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=41, replicates=2, steps=20, labels_per_class=5)
    return config, [frame for r in range(2) for frame in experiment.run(config, r)]


def test_rates_fall_by_the_factor_from_the_head_down() -> None:
    row = lab.rates(lab.Config(factor=0.5, base_rate=0.01), lab.DISCRIMINATIVE)
    assert list(row.values()) == pytest.approx([0.000625, 0.00125, 0.0025, 0.005, 0.01])
    assert set(lab.rates(lab.Config(base_rate=0.01), lab.UNIFORM).values()) == {0.01}
    assert set(lab.rates(lab.Config(base_rate=0.01), lab.GENTLE).values()) == {0.001}
    assert list(lab.rates(lab.Config(base_rate=0.01), lab.PROBE).values()) == [0, 0, 0, 0, 0.01]


def test_a_factor_of_one_is_the_uniform_rate() -> None:
    config = lab.Config(factor=1.0, base_rate=0.003)
    assert lab.rates(config, lab.DISCRIMINATIVE) == lab.rates(config, lab.UNIFORM)


def test_the_schedule_is_torchs_cosine() -> None:
    model = transfer.network(transfer.draw(1, 0, 1))
    row = lab.rates(lab.Config(base_rate=0.01), lab.DISCRIMINATIVE)
    ours, theirs = (experiment.group_per_block(model, row) for _ in range(2))
    schedules = experiment.cosine(ours, lab.DISCRIMINATIVE, 40), CosineAnnealingLR(theirs, T_max=40)
    for _ in range(40):
        assert [g["lr"] for g in ours.param_groups] == pytest.approx([g["lr"] for g in theirs.param_groups], abs=1e-12)
        for optimiser, schedule in zip((ours, theirs), schedules, strict=True):
            optimiser.step()
            schedule.step()


def test_gradual_unfreezing_keeps_a_block_still_until_its_turn(
    short: tuple[lab.Config, list[lab.DiscriminativeFrame]],
) -> None:
    assert [lab.starts_at(lab.GRADUAL, block, 150) for block in lab.BLOCKS] == [120, 90, 60, 30, 0]
    config, frames = short
    for frame in frames:
        if frame.arm == lab.GRADUAL:
            for block in lab.BLOCKS:
                assert (frame.drift[block] == 0.0) is (frame.step <= lab.starts_at(lab.GRADUAL, block, config.steps))


def test_the_probe_keeps_all_of_the_source(short: tuple[lab.Config, list[lab.DiscriminativeFrame]]) -> None:
    for replicate in range(2):
        assert len({f.source for f in short[1] if f.replicate == replicate and f.arm == lab.PROBE}) == 1


def test_the_inverted_target_is_inverted_for_training_and_test() -> None:
    digits = training.Examples(torch.tensor([[0.0, 0.25, 1.0]]), torch.tensor([1]))
    assert torch.equal(experiment.as_target(lab.Config(), digits).inputs, digits.inputs)
    inverted = experiment.as_target(lab.Config(target="inverted"), digits)
    assert torch.equal(inverted.inputs, torch.tensor([[1.0, 0.75, 0.0]]))


def frames_with(source: float, target: float) -> list[lab.DiscriminativeFrame]:
    """Three replicates in which the discriminative arm is this many points above the uniform one."""
    return [
        lab.DiscriminativeFrame(
            replicate=r, arm=arm.key, step=150, steps=150, head_rate=0.01, drift=dict.fromkeys(lab.BLOCKS, 0.1),
            source=50 + r + (source + 0.1 * r if arm.key == lab.DISCRIMINATIVE else 0),
            target=80 + r + (target + 0.1 * r if arm.key == lab.DISCRIMINATIVE else 0),
        )
        for r in range(3)
        for arm in lab.arms(lab.Config())
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "target", "outcome", "half"),
    [
        (15, 0, "holds", lab.CLAIM),
        (15, -10, "does_not_hold", lab.TARGET_CLAIM),
        (1, 0, "does_not_hold", lab.CLAIM),
        (15, -1.6, "cannot_tell", lab.TARGET_CLAIM),
        (4.9, 0, "cannot_tell", lab.CLAIM),
        (4.9, -10, "does_not_hold", lab.TARGET_CLAIM),
    ],
)
def test_the_claim_holds_only_if_both_halves_do(source: float, target: float, outcome: str, half: lab.Claim) -> None:
    verdict = lab.verdict(lab.Config(replicates=3), frames_with(source, target))
    assert (verdict.outcome, verdict.claim, verdict.margin) == (outcome, half.statement, half.margin)


@pytest.mark.parametrize(
    ("source", "target", "parts"),
    [
        (15, -13, ["Does not hold. On the target: ", "12.9 points worse than the uniform rate", "of -1.5 points"]),
        (1, 0, ["Does not hold. On the letters kept: ", "1.1 points better", "margin of 5 points"]),
        (4.9, 0, ["Cannot tell. On the letters kept: ", "5.0 points better"]),
        (15, 0, ["Holds. On the letters kept: ", "15.1 points better", " On the target: ", "0.1 points better"]),
        (1, -13, ["Does not hold. On the letters kept: ", "1.1 points better", " On the target: ", "12.9 points"]),
    ],
)
def test_the_sentence_says_of_which_measure_it_speaks(source: float, target: float, parts: list[str]) -> None:
    """Without, the counter-preset said that the rates came out worse, below a table in which they keep more letters."""
    config, frames = lab.Config(replicates=3), frames_with(source, target)
    said = run_says(lab.LAB, config, frames, lab.verdict(config, frames))
    assert [part for part in parts if part not in said] == [], said
    assert said.count("On the ") == sum(part.count("On the ") for part in parts), said


def test_pictures_stand_half_a_run(short: tuple[lab.Config, list[lab.DiscriminativeFrame]]) -> None:
    config, frames = short
    for part in ([], frames[:3], frames[: len(frames) // 2 + 3], frames):
        figure.figure(config, part, LIGHT)
        figure.extras(config, part, LIGHT)
        assert figure.alt_text(config, part)
        assert len(figure.table(config, part)) == len(lab.arms(config))
    assert "Letters kept" in figure.notes(config, frames)[0]
