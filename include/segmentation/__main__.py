"""The command line.

``python -m include.segmentation <stage|fit|run> --profile P [--cadence C] --as-of D``; ``models``, ``accept``,
``reject`` for the model timeline; ``explain-extract`` for what servers are asked; ``new-profile``, ``check-profile``
and ``preview`` for those who write a profile.
"""

import argparse
import os
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.segmentation.common.terminal import show_logs
from include.segmentation.connections import find_tracking_server
from include.segmentation.errors import RetryLaterError, SegmentationError
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import CADENCES
from include.segmentation.run import Run, find_lake_root, parse_as_of

_LONGEST_WAIT = timedelta(minutes=70)
_WIDTH = 140
"""Characters of a table's line where no terminal says how wide it is."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 2 with one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        with show_logs():
            return int(options.command(options) or 0)
    except RetryLaterError as error:
        print(f"error: {error}; again from {error.until:%Y-%m-%dT%H:%M:%SZ}", file=sys.stderr)
        return 2
    except SegmentationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full or read-only disk, an object store that does not answer
        print(f"error: lake {find_lake_root()}: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130


def _one_line(error: OSError) -> str:
    return " ".join(re.sub(r"\x1b\[\d+m|↳", "", str(error)).split())  # delta-rs colours what led to it


def _with_profile(options: argparse.Namespace) -> None:
    options.action(load_profile(options.profile, options.profiles_dir), options)


def _with_run(options: argparse.Namespace) -> None:
    profile = load_profile(options.profile, options.profiles_dir)
    cadence = options.cadence or profile.schedule.primary_cadence
    options.stage(Run(profile, cadence, parse_as_of(options.as_of, profile)), options)


def _extract(run: Run, options: argparse.Namespace) -> None:
    for name in _chosen(options.only, list(run.profile.extracts)):
        _say("extract", name, _pull(run, name))


def _pull(run: Run, name: str) -> dict[str, object]:
    """Pull an extract; where its source is to be left alone for about an hour at most, wait and go on."""
    from include.segmentation.extract import extract

    while True:
        try:
            return extract(run, name)
        except RetryLaterError as later:
            seconds = (later.until - datetime.now(UTC)).total_seconds()
            if seconds > _LONGEST_WAIT.total_seconds():
                raise
            print(f"extract   {name:<16} waits until {later.until:%H:%M:%SZ}: {later}", flush=True)
            time.sleep(max(0, seconds))


def _reconcile(run: Run, options: argparse.Namespace) -> None:
    from include.segmentation.extract import format_findings, reconcile_extract

    allowed = [name for name, declared in run.profile.extracts.items() if declared.can_be_reconciled]
    print(format_findings([reconcile_extract(run, name) for name in _chosen(options.only, allowed)]), flush=True)


def _maintain(run: Run, options: argparse.Namespace) -> None:
    from include.segmentation.extract import maintain_log

    for name in _chosen(options.only, list(run.profile.extracts)):
        _say("maintain", name, maintain_log(run, name))


def _validate(run: Run, _: argparse.Namespace) -> None:
    from include.segmentation.validate import validate

    _say("validate", "all", validate(run))


def _measure(run: Run, options: argparse.Namespace) -> None:
    from include.segmentation.measure import list_targets

    _measure_each(run, _chosen(options.only, list_targets(run)))


def _measure_each(run: Run, targets: list[str]) -> None:
    from include.segmentation.measure import measure

    for target in targets:
        _say("measure", target, measure(run, target))


def _segment(run: Run, options: argparse.Namespace) -> None:
    from include.segmentation.segment import segment

    for macro_segment in _chosen(options.only, list(run.profile.macro_segments)):
        _say("segment", macro_segment, segment(run, macro_segment))


def _publish(run: Run, options: argparse.Namespace) -> None:
    from include.segmentation.publish import publish

    _say("publish", "all", publish(run, options.approve))


def _report(run: Run, _: argparse.Namespace) -> None:
    from include.segmentation.report import report

    _say("report", "all", report(run))


def _fit(run: Run, options: argparse.Namespace) -> None:
    from include.segmentation.segment import fit

    _validate(run, options)
    _measure_each(run, ["population", *run.profile.macro_segments])
    for macro_segment in run.profile.macro_segments:
        _say("fit", macro_segment, fit(run, macro_segment))
    if find_tracking_server():
        _track(run, options)


def _track(run: Run, _: argparse.Namespace) -> None:
    from include.segmentation.track import track

    _say("track", "models", track(run))


def _run(run: Run, options: argparse.Namespace) -> None:
    for stage in (_extract, _validate, _measure, _segment, _publish, _report):
        stage(run, options)


def _preview(run: Run, _: argparse.Namespace) -> None:
    from rich.console import Console

    from include.segmentation.authoring import preview_run

    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH)
    for table in preview_run(run):
        console.print(table)
    console.print("Nothing was published or recorded.")


def _models(profile: Profile, _: argparse.Namespace) -> None:
    from include.segmentation.lake.lake import Lake
    from include.segmentation.model.timeline import read_timeline

    lake = Lake(find_lake_root(), profile)
    for macro_segment in profile.macro_segments:
        for entry in read_timeline(lake, macro_segment):
            print(f"{entry.model.model_id}  {entry.status} by {entry.decided_by} {entry.decided_at:%Y-%m-%d}")
            for segment in entry.model.list_segments():
                came = [row for row in entry.model.lineage if row.to_key == segment.key]
                lineage = ", ".join(f"{row.kind} from {row.from_key or 'nothing'} ({row.share:.0%})" for row in came)
                print(f"    {segment.key}  {segment.customers_at_fit:>9,}  {segment.name}  {lineage}".rstrip())


def _accept(profile: Profile, options: argparse.Namespace) -> None:
    from include.segmentation.segment import accept_model

    _say("accept", options.model, accept_model(profile, options.model, options.by))
    _track_decisions(profile)


def _reject(profile: Profile, options: argparse.Namespace) -> None:
    from include.segmentation.segment import reject_model

    _say("reject", options.model, reject_model(profile, options.model, options.by))
    _track_decisions(profile)


def _track_decisions(profile: Profile) -> None:
    if find_tracking_server():
        from include.segmentation.track import track_decisions

        _say("track", "decisions", track_decisions(profile))


def _new_profile(options: argparse.Namespace) -> None:
    from include.segmentation.authoring import propose_profile

    for path in propose_profile(options.name, options.from_mysql, options.table, options.profiles_dir):
        print(f"wrote {path}")


def _check_profile(options: argparse.Namespace) -> int:
    from include.segmentation.authoring import check_profile

    checked = check_profile(options.name, options.profiles_dir, connect=options.connect)
    for mistake in checked.mistakes:
        print(f"error: {mistake}", file=sys.stderr)
    if checked.summary:
        print(checked.summary)
    return 2 if checked.mistakes else 0


def _explain_extract(profile: Profile, options: argparse.Namespace) -> None:
    from include.segmentation.extract import explain_extract

    print(explain_extract(profile, options.extract))


_STAGES = {
    "extract": (_extract, "pull what is new from MySQL and Google Analytics into the lake"),
    "validate": (_validate, "check the new rows; hold back those that fail"),
    "measure": (_measure, "compute every KPI of every customer at as_of"),
    "segment": (_segment, "label every customer with the model effective at as_of"),
    "publish": (_publish, "write the warehouse tables in one transaction"),
    "report": (_report, "write the run's HTML report"),
    "fit": (_fit, "fit a model effective from as_of and put it on the timeline"),
    "track": (_track, "log the models fitted at as_of at the MLflow server that MLFLOW_TRACKING_URI names"),
    "run": (_run, "all stages in order"),
    "preview": (_preview, "show the strata and segments of a run without publishing or recording anything"),
    "reconcile": (_reconcile, "compare the change logs with MySQL; correct what was deleted, changed or came unseen"),
    "maintain": (_maintain, "fold the small files of the change logs and remove those that are past"),
}
_WITH_PARTS = ("extract", "measure", "segment", "reconcile", "maintain")
_DECISIONS = {
    "models": (_models, "list the model timeline"),
    "accept": (_accept, "put a candidate model into use"),
    "reject": (_reject, "turn a candidate model down"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.segmentation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="<command>")
    for name, (stage, words) in _STAGES.items():
        sub = _command(commands, name, words)
        sub.add_argument(
            "--as-of", required=True, help="end of the data interval: 2025-02-01, or a time with an offset"
        )
        sub.add_argument("--cadence", choices=CADENCES, help="default: the profile's primary cadence")
        if name in _WITH_PARTS:
            sub.add_argument("--only", help="one extract or macro segment; default: all")
        if name in ("publish", "run"):
            sub.add_argument("--approve", metavar="BY", help="publish what gates ask about; who answers for it")
        sub.set_defaults(command=_with_run, stage=stage, only=None)
    for name, (decision, words) in _DECISIONS.items():
        sub = _command(commands, name, words)
        if name != "models":
            sub.add_argument("--model", required=True, help="a candidate's id, as `models` lists it")
            sub.add_argument("--by", required=True, help="who decides")
        sub.set_defaults(command=_with_profile, action=decision)
    sub = _command(commands, "explain-extract", "show the SQL that each kind of server gets for an extract, and why")
    sub.add_argument("--extract", required=True, help="an extract from MySQL")
    sub.set_defaults(command=_with_profile, action=_explain_extract)
    sub = commands.add_parser("new-profile", help="look at a table and propose a first profile, with reasons")
    sub.add_argument("name", help="what the profile is to be called")
    sub.add_argument("--from-mysql", required=True, metavar="CONN", help="the id of a connection to MySQL or MariaDB")
    sub.add_argument("--table", required=True, help="one row per customer, or per purchase or event of a customer")
    sub.add_argument("--profiles-dir", type=Path, help="where it goes; default: where profiles are looked for first")
    sub.set_defaults(command=_new_profile)
    sub = commands.add_parser("check-profile", help="explain every mistake of a profile, or say what it says")
    sub.add_argument("name", help="such as learning")
    _add_profiles_dir(sub)
    sub.add_argument("--connect", action="store_true", help="ask its servers too, and try its SQL on empty tables")
    sub.set_defaults(command=_check_profile)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str
) -> argparse.ArgumentParser:
    sub = commands.add_parser(name, help=words, description=words)
    sub.add_argument("--profile", required=True, help="such as learning")
    _add_profiles_dir(sub)
    return sub


def _add_profiles_dir(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--profiles-dir", type=Path, help="a folder with more profiles (YAML and sql/<profile>/)")


def _chosen(only: str | None, allowed: list[str]) -> list[str]:
    if only is None:
        return allowed
    if only not in allowed:
        raise SegmentationError(f"--only '{only}'; allowed are {', '.join(allowed)}")
    return [only]


def _say(stage: str, name: str, summary: dict[str, object]) -> None:
    details = "  ".join(
        f"{key}={value:,}" if type(value) is int else f"{key}={value}"
        for key, value in summary.items()
        if not isinstance(value, dict | list) and value != name
    )
    print(f"{stage:<9} {name:<16} {details}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
