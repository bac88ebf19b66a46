"""Gates on the source data: row counts, freshness and quarantine."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs


def check_row_counts(inputs: PublishInputs) -> list[GateVerdict]:
    """Compare the numbers of customers and accepted rows with the previous run."""
    before = inputs.past.before
    if before is None:
        return [GateVerdict.make_pass("row_counts", "", "no earlier run of this cadence is published")]
    (customers,) = inputs.fetch_one("SELECT count(*) FROM population")
    counts = {"customers": (before.customers, customers)}
    for extract, rows in inputs.rows.items():
        if before.rows.get(extract, {}).get("accepted"):
            counts[f"rows of extract '{extract}'"] = (before.rows[extract]["accepted"], rows["accepted"])
    gate = inputs.run.profile.gates.row_counts
    since = f"since {before.as_of.astimezone(ZoneInfo(inputs.run.profile.time_zone)):%Y-%m-%d}"
    wrong = [
        GateVerdict(
            "row_counts",
            "",
            gate.verdict,
            f"{what} went from {was:,} to {now:,} {since}",
            f"{1 - gate.fall:.0%} to {1 + gate.rise:.0%} of the earlier number",
        )
        for what, (was, now) in counts.items()
        if not (1 - gate.fall) * was <= now <= (1 + gate.rise) * was
    ]
    customer_counts = f"{customers:,} customers ({before.customers:,} {since})"
    summary = f"{customer_counts}; the row counts of {len(counts) - 1} extracts are similar"
    return wrong or [GateVerdict.make_pass("row_counts", "", summary)]


def check_freshness(inputs: PublishInputs) -> list[GateVerdict]:
    """Check that every extract is complete through as_of and that customers were seen shortly before it."""
    run, gate = inputs.run, inputs.run.profile.gates.freshness
    wrong = [
        GateVerdict(
            "freshness",
            "",
            gate.verdict,
            f"extract '{name}' is complete through {through:%Y-%m-%d %H:%M} UTC"
            if through
            else f"extract '{name}' has no data",
            f"{run.as_of:%Y-%m-%d %H:%M} UTC or later",
        )
        for name, through in run.find_late_extracts().items()
    ]
    newest = f"max(greatest(first_seen, last_seen)), TIMESTAMPTZ '{run.as_of.isoformat()}'"
    (seconds,) = inputs.fetch_one(f"SELECT date_diff('second', {newest}) FROM population")
    age = timedelta(seconds=seconds or 0)
    summary = f"the last customer was seen {_format_age(age)} before as_of"
    if age > gate.stale_after:
        wrong.append(GateVerdict("freshness", "", gate.verdict, summary, f"up to {_format_age(gate.stale_after)}"))
    return wrong or [GateVerdict.make_pass("freshness", "", f"every extract is complete through as_of; {summary}")]


def check_quarantine(inputs: PublishInputs) -> list[GateVerdict]:
    """Check the share of each extract's current rows in quarantine."""
    gate = inputs.run.profile.gates.quarantine
    shares = {
        name: rows["quarantined"] / (rows["accepted"] + rows["quarantined"])
        for name, rows in inputs.rows.items()
        if rows["accepted"] + rows["quarantined"]
    }
    wrong = [
        GateVerdict(
            "quarantine",
            "",
            gate.verdict,
            f"{inputs.rows[name]['quarantined']:,} rows of extract '{name}' are in quarantine, {share:.1%} of them",
            f"up to {gate.share:.1%}",
        )
        for name, share in shares.items()
        if share > gate.share
    ]
    if wrong:
        return wrong
    most = max(shares.values(), default=0.0)
    return [GateVerdict.make_pass("quarantine", "", f"at most {most:.1%} of an extract's rows are in quarantine")]


def _format_age(age: timedelta) -> str:
    return f"{age.days} days" if age >= timedelta(days=2) else f"{age / timedelta(hours=1):.0f} hours"
