"""The lab panel: predict, run, explain. The same on a question's screen and on the lab's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import pandas as pd
import streamlit as st

from demos import catalogue
from demos.base import Lab, LabConfig, Outcome
from demos.runner import Run
from demos.runs import ACTIVE
from study.records import Prediction
from ui import (
    dials,
    live_run,
    look,
    own_images,
    own_photograph,
    recent_runs,
    services,
    session,
    trouble,
    verdict_view,
    watching,
)

ADDITIONS: dict[str, Any] = {"own_images": own_images, "resolution": own_photograph}
"""What a lab has beyond the usual panel: a module with `before` and `after`."""


def show_one_of(names: Sequence[str], *, place: str) -> None:
    """Draw one of a question's labs; with more than one, the learner chooses which."""
    if not names:
        return
    key = f"lab-of:{place}"
    asked = st.query_params.get("lab")
    session.keep(key, session.kept(key, asked if asked in names else names[0]))
    if len(names) > 1:
        st.segmented_control(
            "Experiment",
            options=list(names),
            format_func=lambda name: catalogue.lab(name).title,
            default=session.kept(key, names[0]),
            required=True,
            wrap=True,
            key=f"widget:{key}",
            on_change=lambda: session.keep(key, st.session_state[f"widget:{key}"]),
        )
    show(session.kept(key, names[0]), place=place)


def show(name: str, *, place: str) -> None:
    """Draw lab `name`. `place` tells apart two panels of one lab on different screens."""
    lab = catalogue.lab(name)
    config = dials.current(lab)
    ended = _ended(recent_runs.find(lab, config))
    with st.container(border=True, key=f"lab-{place}"):
        _claim(lab)
        _trial(lab, config, ended, place)
        if ended is not None and ended.state == "finished":
            verdict_view.show_grounds(lab, config, ended)
            if name in ADDITIONS:
                ADDITIONS[name].after(lab, config, ended)
        _small_print(lab, config)


def _ended(run: Run | None) -> Run | None:
    return run if run is not None and run.state not in ACTIVE else None


@st.fragment
@trouble.watched_fragment
def _trial(lab: Lab, drawn_for: LabConfig, drawn_ended: Run | None, place: str) -> None:
    """From the settings to the curves. A fragment: a click on Run has the client render this part alone, while the
    experiment takes its first steps on the same cores.

    `drawn_for` and `drawn_ended` are what the rest of the screen was drawn for; when they have changed, it is drawn
    anew.
    """
    config = dials.current(lab)
    run = recent_runs.find(lab, config)
    if config != drawn_for or _ended(run) is not drawn_ended:
        st.rerun()
    active = run is not None and run.state in ACTIVE
    _presets(lab, config, disabled=active)
    missing = ADDITIONS[lab.name].before(lab, config) if lab.name in ADDITIONS else None
    tune = st.expander("Dials", icon=":material/tune:", key=f"dials-{place}", on_change="rerun")
    if tune.open:  # while they are closed, the client need not draw them again with every change
        with tune:
            dials.show(lab, config, disabled=active)
    # Each of these is one element on the screen or one container, if an empty one: a place that is not filled keeps on
    # the screen what was there, faded, until the run ends; and so does one in which an element follows a keyed one.
    _preview(lab, config, run)
    predicted = _predict(lab, config, run)
    _controls(lab, config, run, predicted, missing)
    if run is not None or predicted is not None:
        live_run.show(lab, config, run, predicted, active=active)


def _dialled(lab: Lab, config: LabConfig) -> str:
    return f"{lab.name}:{json.dumps(config.model_dump(mode='json'), sort_keys=True)}"


def _claim(lab: Lab) -> None:
    with st.container(key=f"eyebrow-lab-{lab.name}"):
        st.markdown("Live experiment · the claim on trial")
    st.subheader(lab.claim.statement, anchor=False)
    st.caption(lab.summary)


def _presets(lab: Lab, config: LabConfig, *, disabled: bool) -> None:
    by_key = {preset.key: preset for preset in lab.presets}
    dialled = config.model_dump(exclude={"seed"})
    matching = [
        key
        for key, preset in by_key.items()
        if lab.config.model_validate(dict(preset.values)).model_dump(exclude={"seed"}) == dialled
    ]
    key = f"preset:{lab.name}"
    st.session_state[key] = matching[0] if matching else None
    st.pills(
        "Setting",
        options=list(by_key),
        format_func=lambda item: by_key[item].label,
        key=key,
        disabled=disabled,
        on_change=_choose_preset,
        args=(lab, key),
    )
    if matching:
        st.caption(by_key[matching[0]].why)


def _choose_preset(lab: Lab, key: str) -> None:
    chosen = st.session_state[key]
    for preset in lab.presets:
        if preset.key == chosen:
            dials.choose(lab, preset.values)


def _preview(lab: Lab, config: LabConfig, run: Run | None) -> None:
    """What is known before the run, if the lab has a picture of it."""
    figures = catalogue.figure_module(lab.name)
    if run is not None or not hasattr(figures, "preview_spec"):
        st.empty()
    else:
        rows = pd.DataFrame(figures.preview_rows(config), columns=list(figures.PREVIEW_COLUMNS))
        spec = figures.preview_spec(config, look.theme())
        with st.container():
            st.vega_lite_chart(
                rows, spec, width="stretch", theme=None, key=f"preview:{lab.name}", alt=figures.PREVIEW_ALT
            )


def _predict(lab: Lab, config: LabConfig, run: Run | None) -> Outcome | None:
    """Ask for the prediction; once the run has begun it stands, in one line, and makes room for the curves."""
    options = lab.prediction.options
    kept_at = f"prediction:{_dialled(lab, config)}"
    before: Outcome | None = session.kept(kept_at, None) or _logged_prediction(run)
    if run is not None and (before is not None or run.state in ACTIVE):
        if before is not None:
            st.markdown(f"Your prediction: *{options[before]}*.")
        else:
            st.empty()
        return before
    with st.container():
        chosen: Outcome | None = st.radio(
            lab.prediction.question,
            options=list(options),
            index=list(options).index(before) if before else None,
            format_func=lambda outcome: options[outcome],
            key=f"widget:{kept_at}",
        )
        session.keep(kept_at, chosen)
        if chosen is not None:
            first = _predicted_before(services.store().predictions(learner=services.LEARNER), lab.name, config)
            if first is not None:
                st.caption(f"You have run this draw before. Your first prediction counts: *{options[first]}*.")
    return chosen


def _logged_prediction(run: Run | None) -> Outcome | None:
    """What was predicted for a run that this visit did not start itself (it was reloaded, say)."""
    if run is None:
        return None
    logged = services.store().predictions(learner=services.LEARNER)
    its_own = next((cast(Outcome, item.predicted) for item in logged if item.prediction_id == run.id), None)
    return its_own or _predicted_before(logged, run.lab, run.config)


def _predicted_before(logged: Sequence[Prediction], lab_name: str, config: LabConfig) -> Outcome | None:
    """What she predicted when she ran this draw of these dials to its verdict for the first time."""
    plain = config.model_dump(mode="json")
    settled = (item for item in logged if item.outcome is not None and item.lab == lab_name and item.config == plain)
    return next((cast(Outcome, item.predicted) for item in settled), None)


def _controls(lab: Lab, config: LabConfig, run: Run | None, predicted: Outcome | None, missing: str | None) -> None:
    if run is not None and run.state in ACTIVE:
        st.button("Stop", icon=":material/stop_circle:", key=f"stop:{lab.name}", on_click=run.stop)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run again" if run is not None else "Run the experiment",
            type="primary",
            icon=":material/play_arrow:",
            disabled=predicted is None or missing is not None,
            key=f"run:{lab.name}",
            on_click=_start,
            args=(lab, config, predicted, run is None),
        )
        if run is not None:
            st.button(
                "New draw",
                icon=":material/casino:",
                key=f"new-draw:{lab.name}",
                help="Other labelled examples, another pretrained start: predict again",
                on_click=dials.choose,
                args=(lab, {**config.model_dump(), "seed": (config.seed + 1) % 2**31}),
            )
        elif missing is not None or predicted is None:
            st.caption(missing or "Commit to a prediction first.")


def _start(lab: Lab, config: LabConfig, predicted: Outcome, reuse: bool) -> None:
    run = services.runner().submit(lab.name, config, reuse=reuse)
    recent_runs.add(run)
    watching.watch(run)
    store, plain, now = services.store(), config.model_dump(mode="json"), services.now()
    if _predicted_before(store.predictions(learner=services.LEARNER), lab.name, config) is not None:
        return  # she knows how it ends: only the first prediction counts
    store.log_prediction(lab.name, plain, predicted, now, prediction_id=run.id, learner=services.LEARNER)
    if run.verdict is not None:  # replayed, or over before the prediction was written down
        store.settle_prediction(run.id, run.verdict.outcome, now, learner=services.LEARNER)


def _small_print(lab: Lab, config: LabConfig) -> None:
    with st.expander("What this does not show", icon=":material/warning:"):
        st.markdown("\n".join(f"- {line}" for line in lab.does_not_show))
    # Hundreds of highlighted tokens: drawn when somebody looks.
    source = st.expander(
        "Source of the experiment, and the command that repeats it",
        icon=":material/code:",
        key=f"source:{lab.name}",
        on_change="rerun",
    )
    if source.open:
        with source:
            st.code(command(lab, config), language="bash", wrap_lines=True)
            st.code(catalogue.experiment_source(lab.name), language="python")


def command(lab: Lab, config: LabConfig) -> str:
    """The command line that repeats the run: same dials, same draw."""
    default = lab.config().model_dump(mode="json")
    changed = {k: v for k, v in config.model_dump(mode="json").items() if v != default[k] and k != "seed"}
    sets = "".join(f" --set {key}={value}" for key, value in changed.items())
    return f"python -m demos run {lab.name}{sets} --seed {config.seed} --json"
