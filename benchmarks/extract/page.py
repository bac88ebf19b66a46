"""Write the table of results in docs/benchmarks.md."""

from typing import Any

from benchmarks.machine import write_section

HANDLERS = ("handler_read_next", "handler_read_prev", "handler_read_rnd", "handler_read_rnd_next")
"""The server's counters of rows read in sequence."""
_BEGIN, _END = "<!-- bench-extract: written by make bench-extract -->", "<!-- /bench-extract -->"


def write_page(results: dict[str, Any]) -> None:
    """Write the table between its markers."""
    write_section(_BEGIN, _END, format_section(results))


def format_section(results: dict[str, Any]) -> str:
    """Format the results as Markdown."""
    machine = results["machine"]
    lines = [
        f"Measured on {results['at'][:10]}: {machine['cores']} cores, Python {machine['python']}, load at the end "
        f"{machine['load_at_end']}; medians of {results['rounds']} rounds, each with every tool; ratios compare "
        "tools of the same round.",
        "",
        "| server | table | tool | rows read | rows/s | this project is faster by | peak memory | changed types |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results["results"]:
        speed, ratio = f"{result['rows_per_second']:,}", f"{result['ours_is_times_as_fast']:.1f}"
        cells = [
            result["server"],
            result["table"],
            f"{result['way']} ({_list_versions(result)})",
            f"{result['rows']:,}",
        ]
        cells += [speed, ratio, f"{result['peak_mb']} MB", _describe_type_changes(result)]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for result in results["results"]:
        if daily := result.get("daily"):
            lines.append(
                f"Second pull on {result['server']}, after 1% more visits: {daily['new_rows']:,} new, "
                f"{daily['rows_sent']:,} sent, {daily['rows_touched_by_server']:,} rows touched on the server "
                f"({daily['share_of_table']:.1%} of the table), {daily['seconds']} s.\n"
            )
    return "\n".join(lines).strip()


def _list_versions(result: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in result["versions"].items())


def _describe_type_changes(result: dict[str, Any]) -> str:
    kinds: dict[str, int] = {}
    for change in result["bent"].values():
        exact, _, became = change.partition(": ")
        kinds[f"{exact.split()[0]} as {became}"] = kinds.get(f"{exact.split()[0]} as {became}", 0) + 1
    return ", ".join(f"{kind} ({count})" for kind, count in kinds.items()) or "none"
