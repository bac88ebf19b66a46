"""Run the stages, manage models and write profiles without Airflow."""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from include.segmentation import commands
from include.segmentation.common.terminal import show_logs
from include.segmentation.errors import RetryLaterError, SegmentationError
from include.segmentation.profile.schedule import CADENCES
from include.segmentation.run import Run, find_lake_root

if TYPE_CHECKING:
    Parsers = argparse._SubParsersAction[argparse.ArgumentParser]
Command = Callable[[argparse.Namespace], int | None]
RunCommand = Callable[[Run, argparse.Namespace], None]


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0, or 2 after one line on standard error; 130 after Ctrl-C.
    """
    options = make_parser().parse_args(arguments)
    try:
        with show_logs():
            return int(options.command(options) or 0)
    except RetryLaterError as error:
        return _print_error(f"{error}; again from {error.until:%Y-%m-%dT%H:%M:%SZ}")
    except SegmentationError as error:
        return _print_error(str(error))
    except OSError as error:  # a full or read-only disk, an object store that does not answer
        return _print_error(f"lake {find_lake_root()}: {_join_lines(error)}")
    except KeyboardInterrupt:
        _print_error("interrupted")
        return 130


def _print_error(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 2


def _join_lines(error: OSError) -> str:
    return " ".join(re.sub(r"\x1b\[\d+m|↳", "", str(error)).split())  # delta-rs colours the causes of an error


_RUN_COMMANDS: dict[str, tuple[RunCommand, str]] = {
    "extract": (commands.run_extract, "pull new rows from MySQL and Google Analytics into the lake"),
    "validate": (commands.run_validate, "check new rows and hold back those that fail"),
    "measure": (commands.run_measure, "compute every KPI of every customer at as_of"),
    "segment": (commands.run_segment, "label every customer with the model effective at as_of"),
    "publish": (commands.run_publish, "write the warehouse tables in one transaction"),
    "report": (commands.run_report, "write the run's HTML report"),
    "fit": (commands.run_fit, "fit a model effective from as_of and put it on the timeline"),
    "track": (commands.run_track, "log the models fitted at as_of at the MLflow server MLFLOW_TRACKING_URI"),
    "run": (commands.run_all_stages, "run all stages in order"),
    "preview": (commands.run_preview, "show the strata and segments of a run without publishing or recording them"),
    "reconcile": (
        commands.run_reconcile,
        "correct changes and deletions in MySQL that the change logs missed",
    ),
    "maintain": (commands.run_maintain, "compact the change logs and remove files that are no longer used"),
}
"""Commands about one run, with their help."""
_WITH_TARGETS = ("extract", "measure", "segment", "reconcile", "maintain")
_DECISIONS: dict[str, tuple[Command, str]] = {
    "accept": (commands.run_accept, "put a candidate model into use"),
    "reject": (commands.run_reject, "turn a candidate model down"),
}


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
    is_installed = Path(sys.argv[0]).name == "segmentation"
    prog = "segmentation" if is_installed else "python -m include.segmentation"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parsers = parser.add_subparsers(required=True, metavar="<command>")
    for name, (run_command, words) in _RUN_COMMANDS.items():
        _add_run_command(parsers, name, run_command, words)
    _add_profile_command(parsers, "models", commands.run_models, "list the model timeline")
    for name, (command, words) in _DECISIONS.items():
        sub = _add_profile_command(parsers, name, command, words)
        sub.add_argument("--model", required=True, help="the id of a candidate, as `models` lists it")
        sub.add_argument("--by", required=True, help="who decides")
    words = "show the SQL that each kind of server gets for an extract, and why"
    sub = _add_profile_command(parsers, "explain-extract", commands.run_explain_extract, words)
    sub.add_argument("--extract", required=True, help="an extract from MySQL")
    _add_authoring_commands(parsers)
    return parser


def _add_run_command(parsers: "Parsers", name: str, command: RunCommand, words: str) -> None:
    sub = _add_profile_command(parsers, name, lambda options: command(commands.make_run(options), options), words)
    sub.add_argument("--as-of", required=True, help="end of the data interval: 2025-02-01, or a time with an offset")
    sub.add_argument("--cadence", choices=CADENCES, help="default: the profile's primary cadence")
    sub.set_defaults(only=None, approve=None)
    if name in _WITH_TARGETS:
        sub.add_argument("--only", help="one extract or macro segment; default: all")
    if name in ("publish", "run"):
        sub.add_argument("--approve", metavar="BY", help="who approves what the gates ask about")


def _add_profile_command(
    parsers: "Parsers",
    name: str,
    command: Command,
    words: str,
) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = parsers.add_parser(name, help=words, description=words)
    sub.add_argument("--profile", required=True, help="such as learning")
    _add_profiles_dir(sub)
    sub.set_defaults(command=command)
    return sub


def _add_authoring_commands(parsers: "Parsers") -> None:
    sub = parsers.add_parser("new-profile", help="look at a table and propose a first profile, with reasons")
    sub.add_argument("name", help="the name of the new profile")
    sub.add_argument("--from-mysql", required=True, metavar="CONN", help="the id of a connection to MySQL or MariaDB")
    sub.add_argument("--table", required=True, help="a table with one row per customer, purchase or event")
    sub.add_argument("--profiles-dir", type=Path, help="where to write it; default: the first folder of profiles")
    sub.set_defaults(command=commands.run_new_profile)
    sub = parsers.add_parser("check-profile", help="explain every mistake of a profile, or summarise it")
    sub.add_argument("name", help="such as learning")
    _add_profiles_dir(sub)
    sub.add_argument("--connect", action="store_true", help="also ask its servers, and try its SQL on empty tables")
    sub.set_defaults(command=commands.run_check_profile)


def _add_profiles_dir(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--profiles-dir", type=Path, help="a folder with more profiles (YAML and sql/<profile>/)")
