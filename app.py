"""Entry point of `streamlit run app.py`: the router, and the server that it runs in.

`streamlit run` finds the `st.App` at the end and imports this file once, outside any session, to start the server with
our lifespan, which warms everything up before the first visitor. Each session then runs this same file as its script.
"""

from functools import partial

import streamlit as st
from starlette.middleware import Middleware
from streamlit.navigation.page import Page
from streamlit.runtime.scriptrunner import get_script_run_ctx

from content.loader import ContentError
from demos.catalogue import labs
from pages.labs import lab
from pages.learn import home, question, search
from pages.memory import cards, export, plan, progress
from pages.practice import exercises, interview, quiz
from study.store import StoreError
from ui import look, navigation, services, serving, session, trouble
from ui.base_url import BaseUrl


def sections() -> dict[str, list[Page]]:
    """All screens, by section of the navigation. `st.Page` objects belong to one run, so they are made each time."""
    found = {
        "": [
            st.Page(home.show, title="Home", icon=":material/home:", url_path="home", default=True),
            st.Page(search.show, title="Search", icon=":material/search:", url_path="search"),
        ],
        "Practise": [
            st.Page(quiz.show, title="Quiz", icon=":material/style:", url_path="quiz"),
            st.Page(exercises.show, title="Exercises", icon=":material/code:", url_path="exercises"),
            st.Page(interview.show, title="Mock interview", icon=":material/record_voice_over:", url_path="interview"),
        ],
        "Your memory": [
            st.Page(progress.show, title="Progress", icon=":material/monitoring:", url_path="progress"),
            st.Page(plan.show, title="Plan", icon=":material/event:", url_path="plan"),
            st.Page(cards.show, title="Cards", icon=":material/view_list:", url_path="cards"),
            st.Page(export.show, title="Export and backup", icon=":material/download:", url_path="export"),
        ],
    }
    for deck in services.decks():
        found[deck.meta.title] = [
            st.Page(
                partial(question.show, deck, item),
                title=f"{item.meta.number} · {item.meta.short}",
                url_path=navigation.question_path(deck, item),
            )
            for item in deck.questions
        ]
    found["Live experiments"] = [
        st.Page(
            partial(lab.show, name),
            title=entry.title,
            icon=":material/experiment:",
            url_path=navigation.lab_path(name),
        )
        for name, entry in labs().items()
    ]
    return found


def route() -> None:
    """Run the screen of the current address. What keeps the app from starting is shown with its remedy, and so is what
    the store says when it fails later."""
    st.set_page_config(page_title="Transfer Learning Interview", page_icon="🎓", layout="wide")
    look.apply()
    try:
        found = sections()
        services.store()
    except (ContentError, StoreError) as error:
        st.title("The app cannot start")
        st.error("It says what is wrong, and what to do:", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        return
    navigation.remember(found)
    screen = st.navigation(found, position="sidebar", expanded=True)
    session.arrive(screen.url_path)
    trouble.watched(screen.run)


if get_script_run_ctx(suppress_warning=True) is None:
    app = st.App(
        __file__,
        lifespan=serving.lifespan,
        middleware=[Middleware(BaseUrl)],
        on_script_error=trouble.in_callback_or_fragment,
    )
else:
    route()
