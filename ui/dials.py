"""A lab's dials: widgets made from its `Config`, kept for the visit and mirrored in the address."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from demos import catalogue
from demos.base import Lab, LabConfig
from ui import session
from ui.markdown import escaped

LAB_KEY = "lab"
"""The address's word for whose dials it holds."""

STALE_SECONDS = 2.0
"""For how long an address that we have replaced may still come in, with a click that was on its way."""


def current(lab: Lab) -> LabConfig:
    """The dials as they stand: from the address on the first look at it, later as the learner left them."""
    address = _address(lab)
    known = session.kept(f"address:{lab.name}", None)
    if address and address != known and not _is_stale(lab, address):
        session.keep(f"dials:{lab.name}", _from_address(lab, address).model_dump())
    config = lab.config.model_validate(session.kept(f"dials:{lab.name}", lab.config().model_dump()))
    _to_address(lab, config)
    return config


def _is_stale(lab: Lab, address: Mapping[str, str]) -> bool:
    """Whether it is the address that was replaced a moment ago. Later it is what she wants, as by the Back button."""
    never: tuple[dict[str, str], float] = ({}, 0.0)
    replaced, at = session.kept(f"replaced:{lab.name}", never)
    return address == replaced and time.monotonic() - at < STALE_SECONDS


def _address(lab: Lab) -> dict[str, str]:
    """The dials that the address sets. Those of another lab (two share a question's screen) are not ours."""
    if st.query_params.get(LAB_KEY, lab.name) != lab.name:
        return {}
    return {key: value for key, value in st.query_params.items() if key in lab.config.model_fields}


def _from_address(lab: Lab, address: Mapping[str, str]) -> LabConfig:
    """What the address asks for. A value that is not allowed is named, with what is, and its default taken."""
    wanted = dict(address)
    try:
        return lab.config.model_validate(wanted)
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0])
            default = lab.config.model_fields[name].default
            st.warning(
                f"The address asks for {name} = {escaped(repr(wanted.pop(name, '')[:40]))}, but: "
                f"{escaped(problem['msg'].lower())}. Using {default} instead.",
                icon=":material/link_off:",
            )
        return lab.config.model_validate(wanted)


def _to_address(lab: Lab, config: LabConfig) -> None:
    text = {key: str(value) for key, value in config.model_dump(mode="json").items() if value is not None}
    before = st.query_params.get(LAB_KEY)
    if before is not None and before != lab.name and before in catalogue.labs():
        for key in [key for key in st.query_params if key in catalogue.lab(before).config.model_fields]:
            del st.query_params[key]
    if before != lab.name or any(st.query_params.get(key) != value for key, value in text.items()):
        st.query_params.update({LAB_KEY: lab.name, **text})
    known = session.kept(f"address:{lab.name}", text)
    if known != text:
        session.keep(f"replaced:{lab.name}", (known, time.monotonic()))
    session.keep(f"address:{lab.name}", text)


def choose(lab: Lab, values: Mapping[str, Any]) -> None:
    """Set some dials (a preset); the others return to their defaults, the draw stays."""
    before: dict[str, Any] = session.kept(f"dials:{lab.name}", {})
    config = lab.config.model_validate({"seed": before.get("seed", 0), **values})
    session.keep(f"dials:{lab.name}", config.model_dump())


def show(lab: Lab, config: LabConfig, *, disabled: bool) -> None:
    """Draw a widget for each dial. A change is kept at once; the page runs again with it."""
    fields = lab.config.model_fields
    own_first = sorted(fields, key=lambda name: name in LabConfig.model_fields)  # stable: the rest keeps its order
    for name in own_first:
        field = fields[name]
        key, value = _key(lab, name), getattr(config, name)
        if _is_fixed(field):
            continue
        # What is seen is what runs: also after a preset, or when a click cut the callback of the one before it short.
        if st.session_state.get(key) != value:
            st.session_state[key] = value
        _widget(lab, name, field, key, disabled)


def _widget(lab: Lab, name: str, field: FieldInfo, key: str, disabled: bool) -> None:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    title, unit = field.title or name, str(extra.get("unit", ""))
    label = f"{title} ({unit})" if unit and unit not in title.lower() else title
    shared: dict[str, Any] = {
        "label": label,
        "help": field.description,
        "key": key,
        "disabled": disabled,
        "on_change": _changed,
        "args": (lab, name),
    }
    options = extra.get("options")
    in_words = partial(value_in_words, field)
    if get_origin(field.annotation) is Literal:
        words = get_args(field.annotation)
        st.selectbox(options=words, format_func=in_words, **shared)
    elif field.annotation is bool:
        st.toggle(**shared)
    elif isinstance(options, list):
        value = st.session_state[key]
        choices = options if value in options else sorted([*options, value])
        st.select_slider(options=choices, format_func=in_words, **shared)
    elif name == "seed":
        st.number_input(min_value=0, max_value=2**31 - 1, step=1, **shared)
    else:
        low, high = _bounds(field)
        st.slider(min_value=low, max_value=high, **shared)


def value_in_words(field: FieldInfo, value: object) -> str:
    """A dial's value as its widget shows it."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    labels: Any = extra.get("option_labels") or {}
    if str(value) in labels:
        return str(labels[str(value)])
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) and isinstance(extra.get("options"), list) else str(value)


def _is_fixed(field: FieldInfo) -> bool:
    """A dial with one possible value (the one replicate of a lab without chance) or meant for the page's own use."""
    hidden = isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("hidden")
    bounded = {type(item).__name__ for item in field.metadata} >= {"Ge", "Le"}
    return bool(hidden) or (bounded and len(set(_bounds(field))) == 1)


def _bounds(field: FieldInfo) -> tuple[Any, Any]:
    low = next(item.ge for item in field.metadata if hasattr(item, "ge"))
    high = next(item.le for item in field.metadata if hasattr(item, "le"))
    return low, high


def _key(lab: Lab, name: str) -> str:
    return f"dial:{lab.name}:{name}"


def _changed(lab: Lab, name: str) -> None:
    before = session.kept(f"dials:{lab.name}", lab.config().model_dump())
    after = {**before, name: st.session_state[_key(lab, name)]}
    session.keep(f"dials:{lab.name}", lab.config.model_validate(after).model_dump())
