"""The table in docs/benchmarks.md, from the results."""

from typing import Any

from benchmarks.machine import write_section

HANDLERS = ("handler_read_next", "handler_read_prev", "handler_read_rnd", "handler_read_rnd_next")
"""What a server counts for each row that it moves on to."""
_BEGIN, _END = "<!-- bench-extract: written by make bench-extract -->", "<!-- /bench-extract -->"


def write_page(results: dict[str, Any]) -> None:
    """Put the table of the results between its marks."""
    write_section(_BEGIN, _END, format_section(results))


def format_section(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    machine = results["machine"]
    lines = [
        f"Of {results['at'][:10]}: {machine['cores']} cores, Python {machine['python']}, load at the end "
        f"{machine['load_at_end']}; medians of {results['rounds']} rounds in which everybody had a turn, ratios within "
        "a round.",
        "",
        "| server | table | way | rows read | rows/s | this project is faster by | peak memory | bent |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for found in results["results"]:
        speed, ratio = f"{found['rows_per_second']:,}", f"{found['ours_is_times_as_fast']:.1f}"
        cells = [found["server"], found["table"], f"{found['way']} ({_versions(found)})", f"{found['rows']:,}"]
        cells += [speed, ratio, f"{found['peak_mb']} MB", _bent(found)]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for found in results["results"]:
        if daily := found.get("daily"):
            lines.append(
                f"A second pull after 1% more visits on {found['server']}: {daily['new_rows']:,} new, "
                f"{daily['rows_sent']:,} sent, {daily['rows_touched_by_server']:,} rows touched on the server "
                f"({daily['share_of_table']:.1%} of the table), {daily['seconds']} s.\n"
            )
    return "\n".join(lines).strip()


def _versions(found: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in found["versions"].items())


def _bent(found: dict[str, Any]) -> str:
    kinds: dict[str, int] = {}
    for change in found["bent"].values():
        exact, _, became = change.partition(": ")
        kinds[f"{exact.split()[0]} as {became}"] = kinds.get(f"{exact.split()[0]} as {became}", 0) + 1
    return ", ".join(f"{kind} ({count})" for kind, count in kinds.items()) or "nothing"
