"""A short fault bench: whatever breaks, the lake equals the source at the end; and the bench sees what is broken."""

import pytest

from benchmarks.faults.child import Report, make_run
from benchmarks.faults.schedule import Schedule, prepare_server, run_schedule
from benchmarks.faults.verdict import compare_table, find_broken_claims
from benchmarks.faults.writers import connect_writer
from include.segmentation.extract import extract

TRIES = 5
"""A mistake on purpose shows when a fault hits the right moment; so often may it miss."""


@pytest.fixture(scope="module")
def mariadb(mariadb_server):
    yield from _prepared(mariadb_server)


@pytest.fixture(scope="module")
def mysql56(mysql56_server):
    yield from _prepared(mysql56_server)


def _prepared(server):
    prepare_server(server)
    yield server
    with connect_writer(server) as connection:
        connection.cursor().execute("SET GLOBAL net_write_timeout = DEFAULT")


@pytest.mark.parametrize(
    ("server", "seed", "tables"),
    [
        ("mariadb", 1, ["events", "users", "journal", "settings"]),
        ("mysql56", 2, ["moments", "numbers", "accounts", "ledger"]),
    ],
)
def test_nothing_is_lost_or_doubled_whatever_breaks(request, tmp_path, server, seed, tables):
    faults = ["kill", "alter", "cut", "fill", "restart"]
    outcome = run_schedule(request.getfixturevalue(server), seed, tmp_path, tables=tables, faults=faults)
    assert outcome.failures == []
    assert outcome.rows > 0
    assert (outcome.fired["killed"], outcome.fired["server restarted"]) == (1, 1)
    assert outcome.fired["disk full raised"] >= 1


@pytest.mark.parametrize(
    ("mistake", "tables", "faults"),
    [
        ({"sabotage": "ties"}, ["events"], []),
        ({"sabotage": "early"}, ["events"], ["kill"] * 4),
        ({"blind": True}, ["events"], []),
    ],
    ids=["ties", "position before rows", "no safe bound"],
)
def test_a_broken_extractor_is_seen(mariadb, tmp_path, mistake, tables, faults):
    for seed in range(TRIES):
        outcome = run_schedule(mariadb, seed, tmp_path / str(seed), tables=tables, faults=faults, lag=0, **mistake)
        if any(" lost" in failure or "complete through" in failure for failure in outcome.failures):
            return
    pytest.fail(f"not seen in {TRIES} schedules")


def test_a_comparison_sees_rows_lost_doubled_different_and_left_over(mariadb, tmp_path, monkeypatch):
    schedule = Schedule(mariadb, 7, tmp_path, ["events"], lag=1, reader="faults")
    monkeypatch.setenv("SEGMENTATION_LAKE", str(schedule.spec.lake))
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", schedule.spec.uri)
    run, (table,) = make_run(schedule.spec.profiles), schedule.tables
    with connect_writer(mariadb, schedule.database) as connection:
        cursor = connection.cursor()
        cursor.execute("DELETE FROM events")
        cursor.execute("INSERT INTO events (id, at, n) VALUES (1, '2025-01-01', 1), (2, '2025-01-01', 2)")
        extract(run, "events")
        assert not compare_table(connection, run, table)
        log = run.lake.open_log("events")
        with run.lake.open_engine() as engine:
            run.lake.create_current_view(engine, "events")
            first = engine.execute('SELECT id, "at", n FROM events WHERE id = 1').fetch_table()
        state = log.append(first, log.read_state())
        cursor.execute("UPDATE events SET n = 3 WHERE id = 2")
        cursor.execute("INSERT INTO events (id, at, n) VALUES (4, '2025-01-02', 4)")
        claimed = Report("extract", "events", 0, 0, through=state.complete_through, seq=state.seq)
        broken = find_broken_claims(connection, run, table, [claimed])
        cursor.execute("DELETE FROM events WHERE id = 1")
        found = compare_table(connection, run, table)
    assert [len(keys) for keys in (found.lost, found.doubled, found.different, found.left_over)] == [1, 1, 1, 1]
    assert (found.lost, found.doubled, found.left_over) == ([(4,)], [(1,)], [(1,)])
    assert "of 2025-01-02 00:00:00 is not in the log" in "".join(broken)
