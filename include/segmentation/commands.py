"""The commands of the command line. Each imports its stage when it is called: some take seconds to import."""

import os
import sys
import time
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import Any

from include.segmentation.connections import find_tracking_server
from include.segmentation.errors import RetryLaterError, SegmentationError
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, find_lake_root, parse_as_of

_LONGEST_WAIT = timedelta(minutes=70)
_WIDTH = 140
"""Characters of a table's line where no terminal says how wide it is."""


def open_profile(options: Namespace) -> Profile:
    """Load the profile that the options name."""
    return load_profile(options.profile, options.profiles_dir)


def make_run(options: Namespace) -> Run:
    """Make the run that the options name."""
    profile = open_profile(options)
    cadence = options.cadence or profile.schedule.primary_cadence
    return Run(profile, cadence, parse_as_of(options.as_of, profile))


# The stages, in order.


def run_extract(run: Run, options: Namespace) -> None:
    """Pull every extract, or the chosen one."""
    for name in _choose_targets(options, list(run.profile.extracts)):
        _print_summary("extract", name, _pull_extract(run, name))


def _pull_extract(run: Run, name: str) -> dict[str, Any]:
    """Pull an extract. If its source asks for a pause of about an hour at most, wait and go on."""
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


def run_validate(run: Run, _: Namespace) -> None:
    """Validate all extracts."""
    from include.segmentation.validate import validate

    _print_summary("validate", "all", validate(run))


def run_measure(run: Run, options: Namespace) -> None:
    """Measure everything, or the chosen target."""
    from include.segmentation.measure import list_targets

    _measure_targets(run, _choose_targets(options, list_targets(run)))


def _measure_targets(run: Run, targets: list[str]) -> None:
    from include.segmentation.measure import measure

    for target in targets:
        _print_summary("measure", target, measure(run, target))


def run_segment(run: Run, options: Namespace) -> None:
    """Label every macro segment, or the chosen one."""
    from include.segmentation.segment import segment

    for macro_segment in _choose_targets(options, list(run.profile.macro_segments)):
        _print_summary("segment", macro_segment, segment(run, macro_segment))


def run_publish(run: Run, options: Namespace) -> None:
    """Publish the run."""
    from include.segmentation.publish import publish

    _print_summary("publish", "all", publish(run, options.approve))


def run_report(run: Run, _: Namespace) -> None:
    """Write the run's report."""
    from include.segmentation.report import report

    _print_summary("report", "all", report(run))


def run_all_stages(run: Run, options: Namespace) -> None:
    """Run all stages in order."""
    for run_stage in (run_extract, run_validate, run_measure, run_segment, run_publish, run_report):
        run_stage(run, options)


# Models.


def run_fit(run: Run, options: Namespace) -> None:
    """Fit a model of every macro segment, after validating and measuring what it needs."""
    from include.segmentation.segment import fit

    run_validate(run, options)
    _measure_targets(run, ["population", *run.profile.macro_segments])
    for macro_segment in run.profile.macro_segments:
        _print_summary("fit", macro_segment, fit(run, macro_segment))
    if find_tracking_server():
        run_track(run, options)


def run_track(run: Run, _: Namespace) -> None:
    """Log the run's models at the MLflow server."""
    from include.segmentation.track import track

    _print_summary("track", "models", track(run))


def run_models(options: Namespace) -> None:
    """Print the model timeline of every macro segment."""
    from include.segmentation.lake.lake import Lake
    from include.segmentation.model.timeline import read_timeline

    profile = open_profile(options)
    lake = Lake(find_lake_root(), profile)
    for macro_segment in profile.macro_segments:
        for entry in read_timeline(lake, macro_segment):
            print(f"{entry.model.model_id}  {entry.status} by {entry.decided_by} {entry.decided_at:%Y-%m-%d}")
            for segment in entry.model.list_segments():
                rows = [row for row in entry.model.lineage if row.to_key == segment.key]
                lineage = ", ".join(f"{row.kind} from {row.from_key or 'nothing'} ({row.share:.0%})" for row in rows)
                print(f"    {segment.key}  {segment.customers_at_fit:>9,}  {segment.name}  {lineage}".rstrip())


def run_accept(options: Namespace) -> None:
    """Put a candidate model into use."""
    from include.segmentation.segment import accept_model

    profile = open_profile(options)
    _print_summary("accept", options.model, accept_model(profile, options.model, options.by))
    _track_decisions(profile)


def run_reject(options: Namespace) -> None:
    """Turn a candidate model down."""
    from include.segmentation.segment import reject_model

    profile = open_profile(options)
    _print_summary("reject", options.model, reject_model(profile, options.model, options.by))
    _track_decisions(profile)


def _track_decisions(profile: Profile) -> None:
    if find_tracking_server():
        from include.segmentation.track import track_decisions

        _print_summary("track", "decisions", track_decisions(profile))


# Change logs.


def run_reconcile(run: Run, options: Namespace) -> None:
    """Compare the change logs with their sources and print what was found."""
    from include.segmentation.extract import format_findings, reconcile_extract

    allowed = [name for name, declared in run.profile.extracts.items() if declared.can_be_reconciled]
    print(format_findings([reconcile_extract(run, name) for name in _choose_targets(options, allowed)]), flush=True)


def run_maintain(run: Run, options: Namespace) -> None:
    """Compact every change log, or the chosen one."""
    from include.segmentation.extract import maintain_log

    for name in _choose_targets(options, list(run.profile.extracts)):
        _print_summary("maintain", name, maintain_log(run, name))


# For authors of profiles.


def run_explain_extract(options: Namespace) -> None:
    """Print the SQL that each kind of server gets for an extract."""
    from include.segmentation.extract import explain_extract

    print(explain_extract(open_profile(options), options.extract))


def run_preview(run: Run, _: Namespace) -> None:
    """Print the strata and segments of a run."""
    from rich.console import Console

    from include.segmentation.authoring import preview_run

    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH)
    for table in preview_run(run):
        console.print(table)
    console.print("Nothing was published or recorded.")


def run_new_profile(options: Namespace) -> None:
    """Write a first profile for a table."""
    from include.segmentation.authoring import propose_profile

    for path in propose_profile(options.name, options.from_mysql, options.table, options.profiles_dir):
        print(f"wrote {path}")


def run_check_profile(options: Namespace) -> int:
    """Print every mistake of a profile, or a summary of it; the exit status is 2 if it has mistakes."""
    from include.segmentation.authoring import check_profile

    result = check_profile(options.name, options.profiles_dir, connect=options.connect)
    for mistake in result.mistakes:
        print(f"error: {mistake}", file=sys.stderr)
    if result.summary:
        print(result.summary)
    return 2 if result.mistakes else 0


def _choose_targets(options: Namespace, allowed: list[str]) -> list[str]:
    if options.only is None:
        return allowed
    if options.only not in allowed:
        raise SegmentationError(f"--only: found '{options.only}'; allowed: {', '.join(allowed)}")
    return [options.only]


def _print_summary(stage: str, name: str, summary: dict[str, Any]) -> None:
    details = "  ".join(
        f"{key}={value:,}" if type(value) is int else f"{key}={value}"
        for key, value in summary.items()
        if not isinstance(value, dict | list) and value != name
    )
    print(f"{stage:<9} {name:<16} {details}", flush=True)
