"""Does the lessons' experiments and says what came out.

python -m resnet_tf.lessons                      # the lessons, and what came of them when they were last done
python -m resnet_tf.lessons --all --quick        # all ten here, each in less than a minute on two cores
python -m resnet_tf.lessons --lesson 2 --full --seeds 5 --json outcome.json
python -m resnet_tf.lessons --lesson orders --language ru
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.course import Lesson, lesson, lessons
from resnet_tf.lessons.experiments import MODES, Mode
from resnet_tf.lessons.reports import report
from resnet_tf.lessons.results import Outcome, file_name, recorded
from resnet_tf.lessons.texts import DEFAULT, LANGUAGES, text


def main(arguments: Sequence[str] | None = None) -> None:
    """The program. Ends the process with 2 for arguments that it cannot take."""
    parser = _parser()
    options = parser.parse_args(arguments)
    mode: Mode = "full" if options.full else "quick"
    try:
        chosen = [lesson(which, options.language) for which in options.lesson]
    except SpecError as error:
        parser.error(str(error))
    if options.seeds is not None and options.seeds < 1:
        parser.error(f"--seeds must be at least 1 (got {options.seeds})")
    if options.all:
        chosen = [*lessons(options.language)]
    if chosen:
        outcomes = [_done(each, mode, options.seeds, options.record) for each in chosen]
        print(text("rule.verdict", options.language))
    else:
        outcomes = [outcome for each in lessons(options.language) for outcome in _last(each)]
    if options.json:
        _write(options.json, [each.as_json() for each in outcomes], indent=1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m resnet_tf.lessons", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lesson", action="append", default=[], metavar="N", help="a lesson's number or name")
    parser.add_argument("--all", action="store_true", help="all ten")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--quick", action="store_true", help="small networks, few epochs (as without it)")
    modes.add_argument("--full", action="store_true", help="deeper networks, more epochs, three seeds: minutes each")
    parser.add_argument("--seeds", type=int, metavar="N", help="so many seeds, from 0 on")
    parser.add_argument("--language", choices=[*LANGUAGES], default=DEFAULT)
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the outcomes, as one list")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="writes each outcome as this package brings it")
    return parser


def _done(which: Lesson, mode: Mode, seeds: int | None, folder: Path | None) -> Outcome:
    from resnet_tf.lessons.running import run

    outcome = run(which, mode, seeds, lambda line: print(f"   {line}", file=sys.stderr, flush=True))
    print("\n".join(report(which, outcome)), end="\n\n", flush=True)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / file_name(outcome.lesson, mode), outcome.as_json())
    return outcome


def _last(which: Lesson) -> list[Outcome]:
    """What this package brings for a lesson, printed."""
    outcomes = [outcome for mode in MODES if (outcome := recorded(which.name, mode)) is not None]
    if not outcomes:
        print(f"{which.number}. {which.title}\n")
    for outcome in outcomes:
        print("\n".join(report(which, outcome)))
        print(f"            {outcome.date}: {outcome.command}\n")
    return outcomes


def _write(file: Path, document: object, indent: int | None = None) -> None:
    file.write_text(json.dumps(document, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
