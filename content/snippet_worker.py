"""Runs snippets for `content.snippets`: a job as JSON on stdin, a result as a JSON line on stdout after each."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import traceback
from typing import Any


def main() -> None:
    """Modules stay imported from file to file (torch is slow to import); variables do not."""
    job = json.load(sys.stdin)
    results = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        for _, group in itertools.groupby(job["snippets"], key=lambda snippet: snippet["file"]):
            namespace: dict[str, Any] = {"__name__": "__snippet__"}
            broken = _failure(job["preamble"], job["preamble_file"], 1, namespace)
            reason = f"not run: {job['preamble_file']}:{broken[0]}: {broken[1]}" if broken else None
            for snippet in group:
                line, error = snippet["line"], reason
                if reason is None:
                    failure = _failure(snippet["code"], snippet["file"], snippet["line"], namespace)
                    if failure:
                        line, error = failure
                        reason = f"not run: the file failed in line {line}"
                print(json.dumps({"file": snippet["file"], "line": line, "error": error}), file=results, flush=True)


def _failure(code: str, file: str, first_line: int, namespace: dict[str, Any]) -> tuple[int, str] | None:
    """Run `code`; line and error if it fails. It is compiled so that its lines are those of the file."""
    try:
        exec(compile("\n" * (first_line - 1) + code, file, "exec"), namespace)
    except SyntaxError as error:
        return error.lineno or first_line, f"SyntaxError: {error.msg}"
    except BaseException as error:  # noqa: BLE001, whatever a snippet raises (SystemExit too) is its result
        frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        line = (frames[-1] if frames else None) or first_line
        what = str(error) or code.split("\n")[line - first_line].strip()  # a bare assert says nothing else
        return line, f"{type(error).__name__}: {what}"
    return None


if __name__ == "__main__":
    main()
