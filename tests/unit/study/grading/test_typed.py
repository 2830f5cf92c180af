"""Hints for typed answers: how words are compared, how far the hints agree with a person, and what they cannot do."""

from __future__ import annotations

import random
import time

import pytest
from sklearn.metrics import roc_auc_score

from content.items import Contradiction, KeyPoint, Level
from study.grading.typed import (
    COVERED_WITH_WORDS,
    COVERED_WITHOUT_WORDS,
    SUSPICIOUS,
    contradictions,
    estimated_score,
    missing_points,
    suggest_rating,
)
from study.grading.typed_words import MAX_CHARACTERS, content_words, sentences, tokenise, words
from study.scheduling import Rating
from tests.unit.study.grading.measuring import (
    HERE,
    best_threshold,
    cases,
    held_out_rates,
    labelled_items,
    pairs,
    rates,
    read,
    typed_items,
    youden,
)

POINTS = [
    KeyPoint(point="Freeze the backbone.", level="junior", words=["freeze", "requires_grad"]),
    KeyPoint(point="Keep BatchNorm in eval mode.", level="junior", words=["BatchNorm", "eval"]),
    KeyPoint(point="Use a tenth of the rate.", level="senior", words=["1e-4", "tenth"]),
]
WITH_WORDS = pairs(lambda answer, item: [hint.overlap for hint in missing_points(answer, item.key_points)])
WITHOUT_WORDS = pairs(
    lambda answer, item: [hint.overlap for hint in missing_points(answer, [p.point for p in item.key_points])]
)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("we set Requires_Grad to False", "requires_grad"),
        ("set requires grad to false", "requires_grad"),
        ("param.requires_grad_(False)", "requires_grad"),
        ("batch norm stays in eval", "BatchNorm"),
        ("the batch-norms", "BatchNorm"),
        ("BatchNorm2d", "BatchNorm"),
        ("finetuning", "fine-tun"),
        ("fine tuned", "fine-tuning"),
        ("kNN", "k-NN"),
        ("an L2 SP penalty", "L2-SP"),
        ("normalization", "normalis"),
        ("normalised", "normalize"),
        ("labeled", "labelled"),
        ("modeling", "modelling"),
        ("behavior", "behaviours"),
        ("analyze", "analyse"),
        ("optimizers", "optimi"),
        ("labels", "label"),
        ("duplicates", "duplicate"),
        ("overwriting", "overwrit"),
        ("lr of 0.0001", "1e-4"),
        ("1,000 images", "1000"),
        ("ten times lower", "10"),
        ("a 10x lower rate", "10x"),
        ("don\u2019t", "dont"),
        ("a rate per layer", "per layer"),
    ],
)
def test_the_same_word_in_another_spelling(text: str, term: str) -> None:
    assert words(text).has(term)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("training", "rain"),
        ("the gradient", "requires_grad"),
        ("one layer more per block", "per layer"),
        ("head", "ahead"),
        ("1e-3", "1e-4"),
        ("100", "10"),
        ("university", "unit"),
        ("one of them", "1"),
        ("", "label"),
        ("labels", ""),
        ("labels", "..."),
    ],
)
def test_another_word(text: str, term: str) -> None:
    assert not words(text).has(term)


def test_numbers_and_code_keep_their_parts() -> None:
    assert tokenise("1e-3 0.001 1,5 12.0 10x 3.5.2 no_grad") == [
        *("0.001", "0.001", "1.5", "12", "10", "x", "3.5.2"),
        *("no", "grad"),
    ]
    assert list(content_words("The labels of a label, and LABELS")) == ["label"]
    assert sentences("Rate of 0.1 is high. Why? Because;\n it is") == ["Rate of 0.1 is high", "Why", "Because", "it is"]


def test_a_hint_names_what_was_found_and_what_was_not() -> None:
    first, second, third = missing_points("I freeze it, and put batch norm into eval.", POINTS)
    # Two thirds of 1 of 2 listed words, one third of 1 of 2 words of the sentence.
    assert (first.found, first.missing, first.overlap) == (("freeze",), ("requires_grad",), pytest.approx(0.5))
    # "BatchNorm" and "eval", but of "keep", "batchnorm", "eval", "mode" only "eval" as a single word.
    assert (second.found, second.missing) == (("BatchNorm", "eval"), ())
    assert second.overlap == pytest.approx((2 + 1 / 4) / 3)
    assert (third.found, third.missing, third.overlap) == ((), ("1e-4", "tenth"), 0)
    assert [first.seems_covered, second.seems_covered, third.seems_covered] == [True, True, False]


def test_points_without_listed_words_are_compared_by_their_sentence() -> None:
    (hint,) = missing_points("the backbone is frozen", ["Freeze the backbone."])
    assert (hint.found, hint.missing, hint.overlap) == (("backbone",), ("freeze",), 0.5)
    case = next(iter(cases().values()))
    assert [hint.seems_covered for hint in missing_points(case.discussion, case.key_points)].count(True) >= 4


@pytest.mark.parametrize(
    "text", ["", " \n", "?!", "\x00", "\ud83d", "_____", "e" * 50_000, "9" * 50_000, "1e999999 1e-99999"]
)
def test_nothing_and_nonsense_cover_nothing(text: str) -> None:
    assert not any(hint.seems_covered or hint.found for hint in missing_points(text, POINTS))
    assert contradictions(text, [Contradiction(says="Large updates keep the features.", instead="They do not.")]) == []


def test_time_grows_linearly_and_ends_at_the_cap() -> None:
    rng = random.Random(0)
    points = [point for item in typed_items().values() for point in item.key_points][:10]
    text = " ".join("".join(rng.choices("abcdefghij", k=rng.randint(1, 9))) for _ in range(400_000))
    seconds = []
    for characters in (MAX_CHARACTERS // 4, MAX_CHARACTERS, len(text)):
        started = time.process_time()
        missing_points(text[:characters], points)
        seconds.append(time.process_time() - started)
    assert max(seconds) < 2
    assert missing_points("x " * MAX_CHARACTERS + " freeze", POINTS)[0].found == ()


def test_the_labelled_answers_belong_to_their_items() -> None:
    items = labelled_items()
    entries = read(HERE / "typed_answers.yaml")
    assert len(WITH_WORDS) >= 60
    assert len({entry["item"].split("/")[0] for entry in entries}) == 10
    for entry in entries:
        assert set(entry["covered"]) <= set(range(len(items[entry["item"]].key_points)))
        # Each answer was labelled once: a denied or vague one has no points at all.
        assert len(set(entry["covered"])) == len(entry["covered"])


def test_the_hints_agree_with_the_labels_on_questions_left_out() -> None:
    hits, false_alarms = held_out_rates(WITH_WORDS)
    auc = roc_auc_score([pair.covered for pair in WITH_WORDS], [pair.overlap for pair in WITH_WORDS])
    print(f"{len(WITH_WORDS)} pairs, AUC {auc:.3f}, held out: {hits:.2f} of covered, {false_alarms:.2f} of others")
    assert auc > 0.88
    assert hits > 0.8
    assert false_alarms < 0.25


def test_without_listed_words_the_hint_is_weaker_but_better_than_chance() -> None:
    hits, false_alarms = held_out_rates(WITHOUT_WORDS)
    auc = roc_auc_score([pair.covered for pair in WITHOUT_WORDS], [pair.overlap for pair in WITHOUT_WORDS])
    print(f"AUC {auc:.3f}, held out: {hits:.2f} of covered, {false_alarms:.2f} of others")
    assert 0.75 < auc < roc_auc_score([p.covered for p in WITH_WORDS], [p.overlap for p in WITH_WORDS])
    assert hits - false_alarms > 0.3


def test_the_thresholds_are_those_that_the_labels_ask_for() -> None:
    for given, threshold in ((WITH_WORDS, COVERED_WITH_WORDS), (WITHOUT_WORDS, COVERED_WITHOUT_WORDS)):
        assert youden(given, threshold) == pytest.approx(youden(given, best_threshold(given)), abs=0.01)


def test_model_answers_seem_to_cover_their_own_points_and_not_those_of_other_questions() -> None:
    items = typed_items()
    own, others = [], []
    for name, item in items.items():
        for other_name, other in items.items():
            hints = [hint.seems_covered for hint in missing_points(item.model_answer, other.key_points)]
            if other_name == name:
                own += hints
            elif other_name.split("/")[0] != name.split("/")[0]:
                others += hints
    print(f"own {sum(own) / len(own):.3f}, other questions' {sum(others) / len(others):.3f} of {len(others)}")
    assert sum(own) / len(own) > 0.95
    assert sum(others) / len(others) < 0.35


def test_negation_is_not_seen() -> None:
    """Why the learner ticks, and not the program."""
    item = labelled_items()["lower-learning-rate/let-it-learn-again"]
    denied = missing_points("Large steps do not destroy the pretrained weights.", item.key_points)[1]
    assert denied.seems_covered


def test_reversals_are_flagged_for_a_second_look() -> None:
    items = labelled_items()
    flagged: dict[bool, list[bool]] = {True: [], False: []}
    for entry in read(HERE / "reversals.yaml"):
        known = items[entry["item"]].contradictions[entry["says"]]
        flagged[entry["reversed"]].append(bool(contradictions(entry["answer"], [known])))
    print({key: (sum(values), len(values)) for key, values in flagged.items()})
    assert sum(flagged[True]) / len(flagged[True]) > 0.85
    assert sum(flagged[False]) / len(flagged[False]) < 0.2


def test_model_answers_are_rarely_flagged() -> None:
    items = typed_items().values()
    flags = sum(len(contradictions(item.model_answer, item.contradictions)) for item in items)
    total = sum(len(item.contradictions) for item in items)
    print(f"{flags} of {total}")
    assert flags / total < 0.15


def test_a_flag_quotes_the_sentence_whatever_order_and_negation() -> None:
    known = [Contradiction(says="Large updates keep the features.", instead="Large ones overwrite them.")]
    for sentence in ("Features are kept by large updates", "Large updates will not keep the features"):
        (flag,) = contradictions(f"I start low. {sentence}. So be it.", known)
        assert flag.sentence == sentence
        assert flag.instead == "Large ones overwrite them."
        assert SUSPICIOUS <= flag.overlap <= 1
    assert contradictions("Large updates are bad. Keep calm. The features matter.", known) == []


@pytest.mark.parametrize(
    ("level", "ticked", "expected"),
    [
        ("junior", set(), Rating.AGAIN),
        ("junior", {2}, Rating.AGAIN),
        ("junior", {0}, Rating.HARD),
        ("junior", {0, 1}, Rating.GOOD),
        ("junior", {0, 1, 2}, Rating.EASY),
        ("senior", {0}, Rating.AGAIN),
        ("senior", {0, 1}, Rating.HARD),
        ("senior", {0, 1, 2}, Rating.EASY),
    ],
)
def test_ticks_suggest_the_rating(level: Level, ticked: set[int], expected: Rating) -> None:
    assert suggest_rating(ticked, POINTS, level) is expected


def test_good_from_four_fifths_of_the_expected_points() -> None:
    points = ["Point"] * 5
    assert [suggest_rating(range(k), points, "senior") for k in range(6)] == [1, 1, 1, 2, 3, 4]
    only_senior = [POINTS[2]] * 4
    assert [suggest_rating(range(k), only_senior, "junior") for k in range(5)] == [1, 1, 2, 2, 4]


@pytest.mark.parametrize("ticked", [{3}, {-1}, {0, 99}])
def test_ticks_that_are_not_there(ticked: set[int]) -> None:
    with pytest.raises(ValueError, match="of 3"):
        suggest_rating(ticked, POINTS, "junior")


def test_nothing_to_tick() -> None:
    with pytest.raises(ValueError, match="no key points"):
        suggest_rating(set(), [], "junior")
    with pytest.raises(ValueError, match="no key points"):
        estimated_score("text", [], "junior")


def test_one_tick_more_never_lowers_the_suggestion() -> None:
    for item in typed_items().values():
        levels: tuple[Level, ...] = ("junior", "senior")
        for level in levels:
            ratings = [suggest_rating(range(k), item.key_points, level) for k in range(len(item.key_points) + 1)]
            assert ratings == sorted(ratings)
            assert (ratings[0], ratings[-1]) == (Rating.AGAIN, Rating.EASY)


def test_the_estimate_is_the_share_of_expected_points_that_seem_covered() -> None:
    text = "I freeze the backbone."
    assert estimated_score(text, POINTS, "junior") == 1 / 2
    assert estimated_score(text, POINTS, "senior") == 1 / 3
    assert rates(WITH_WORDS, 2.0) == (0, 0)
