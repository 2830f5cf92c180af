"""Out and in: Anki, spreadsheets, a printable cheat sheet, and a backup of the whole history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from study.days import local_date
from study.exporting import backup, cheatsheet, table
from study.exporting.anki import anki_package
from study.exporting.backup import How, Restored
from study.exporting.files import ChoiceNeededError, ExportError
from study.store import StoreError
from ui import services, session
from ui.markdown import escaped

WIDTH = 960

_HOW: dict[How, str] = {
    "merge": "Add what I lack: keep everything that is here, and take over the rest",
    "replace": "Put the backup in the place of what is here",
}


def show() -> None:
    """The screen for taking one's work along."""
    st.title("Export and backup", anchor=False)
    with st.container(width=WIDTH):
        _out()
        st.header("Bring a backup back", anchor=False)
        _back()


def _out() -> None:
    store, day = services.store(), local_date(services.now(), session.timezone()).isoformat()
    _offer(
        "Backup",
        "Your whole history in one JSON file: cards, answers, notes, code, interviews, settings.",
        f"transfer-learning-{day}.json",
        "application/json",
        ":material/save:",
        lambda: _written(lambda path: backup.backup(backup.database_address(), path, learner=services.LEARNER)),
    )
    _offer(
        "Cheat sheet",
        "The ten answers to print: open the file and print it from the browser, on paper or as a PDF.",
        "transfer-learning-cheat-sheet.html",
        "text/html",
        ":material/print:",
        lambda: cheatsheet.cheatsheet(services.decks()).encode(),
    )
    _offer(
        "Anki package",
        "Every card with a fixed text; a later package updates your notes. Fresh numbers and due dates stay here.",
        "transfer-learning.apkg",
        "application/octet-stream",
        ":material/style:",
        lambda: _written(lambda path: anki_package(services.decks(), path)),
    )
    _offer(
        "Cards as CSV",
        "Each card with its text and what memory knows of it, for a spreadsheet.",
        f"cards-{day}.csv",
        "text/csv",
        ":material/table_view:",
        lambda: table.cards_csv(services.decks(), store.cards(learner=services.LEARNER)).encode("utf-8-sig"),
    )
    _offer(
        "Answers as CSV",
        "Each answer that counts, with its rating, its time and the memory before and after.",
        f"answers-{day}.csv",
        "text/csv",
        ":material/table_view:",
        lambda: table.reviews_csv(store.reviews(learner=services.LEARNER)).encode("utf-8-sig"),
    )


def _offer(title: str, what: str, name: str, mime: str, icon: str, make: Callable[[], bytes]) -> None:
    """One line: what it is, and the button that makes it when pressed."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{title}.** {what}", width="stretch")
        st.download_button("Download", make, name, mime, key=f"download-{title}", icon=icon, on_click="ignore")


def _written(write: Callable[[Path], object]) -> bytes:
    """The bytes of a file that `write` writes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


def _back() -> None:
    message: Restored | None = session.kept("export:restored", None)
    if message is not None:
        _restored(message)
        session.keep("export:restored", None)  # what she does next may change the counts
    given = st.file_uploader("A backup file of this app", type="json", key="restore-file")
    if given is None:
        return
    how = st.radio("What you have here already", list(_HOW), format_func=lambda each: _HOW[each])
    st.caption("Before anything changes, what is here is written to a backup file of its own.")
    if st.button("Bring it back", type="primary", icon=":material/restore:", key="restore"):
        _restore(given.getvalue(), how)


def _restore(content: bytes, how: How) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "backup.json"
        path.write_bytes(content)
        try:
            done = backup.restore(backup.database_address(), path, services.now(), how=how, learner=services.LEARNER)
        except (ExportError, ChoiceNeededError, StoreError) as error:
            st.error(escaped(str(error).replace(str(path), "This file")), icon=":material/error:")
            return
    session.keep("export:restored", done)
    st.rerun()


def _restored(done: Restored) -> None:
    rows = backup.in_words({name: count for name, count in done.rows.items() if count})
    kept = f" What was here before is in `{done.kept}`." if done.kept else ""
    st.success(f"Done. You now have {rows or 'nothing'}.{kept}", icon=":material/check_circle:")
