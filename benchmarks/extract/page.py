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
    for result in results["results"]:
        speed, ratio = f"{result['rows_per_second']:,}", f"{result['ours_is_times_as_fast']:.1f}"
        cells = [result["server"], result["table"], f"{result['way']} ({_versions(result)})", f"{result['rows']:,}"]
        cells += [speed, ratio, f"{result['peak_mb']} MB", _bent(result)]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for result in results["results"]:
        if daily := result.get("daily"):
            lines.append(
                f"A second pull after 1% more visits on {result['server']}: {daily['new_rows']:,} new, "
                f"{daily['rows_sent']:,} sent, {daily['rows_touched_by_server']:,} rows touched on the server "
                f"({daily['share_of_table']:.1%} of the table), {daily['seconds']} s.\n"
            )
    return "\n".join(lines).strip()


def _versions(result: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in result["versions"].items())


def _bent(result: dict[str, Any]) -> str:
    kinds: dict[str, int] = {}
    for change in result["bent"].values():
        exact, _, became = change.partition(": ")
        kinds[f"{exact.split()[0]} as {became}"] = kinds.get(f"{exact.split()[0]} as {became}", 0) + 1
    return ", ".join(f"{kind} ({count})" for kind, count in kinds.items()) or "nothing"
