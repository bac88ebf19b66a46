-- KPI definitions by validity: gaps and islands over the definitions that the published runs used.
DELETE FROM dim_kpi;

WITH definition AS (
    SELECT DISTINCT ON (as_of) as_of, kpis FROM segmentation_run ORDER BY as_of, is_primary DESC, cadence
),
run AS (
    SELECT as_of, kpis, lag(as_of) OVER by_time AS before, lead(as_of) OVER by_time AS after
    FROM definition
    WINDOW by_time AS (ORDER BY as_of)
),
used AS (
    SELECT
        run.*, kpi.key AS kpi, kpi.value AS details,
        lag(run.as_of) OVER by_kpi IS DISTINCT FROM run.before OR lag(kpi.value) OVER by_kpi IS DISTINCT FROM kpi.value
            AS begins
    FROM run, jsonb_each(run.kpis) AS kpi
    WINDOW by_kpi AS (PARTITION BY kpi.key ORDER BY run.as_of)
),
island AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY kpi ORDER BY as_of) AS nth FROM used
),
version AS (
    SELECT
        kpi, details, min(as_of) AS valid_from,
        (array_agg(after ORDER BY as_of DESC))[1] AS valid_to
    FROM island
    GROUP BY kpi, nth, details
)
INSERT INTO dim_kpi
SELECT
    version.kpi, version.valid_from, version.valid_to, version.valid_to IS NULL,
    fields.macro_segment, fields.label, fields.definition, fields."window", fields.unit, fields.resolution,
    fields.direction, fields.rule_only, fields.undefined_when, fields.matures_after, fields.goal, fields.indicator, fields.owner
FROM version, jsonb_populate_record(NULL::dim_kpi, version.details) AS fields
