-- Mark the runs of the cadence whose previous run has changed since they were compared with it, and return them all.
WITH run AS (
    SELECT
        run_id, follows, models, is_stale AS was_stale,
        lag(run_id) OVER by_time AS run_before, lag(models) OVER by_time AS models_before,
        lag(fingerprints) OVER by_time AS fingerprints_before
    FROM segmentation_run
    WHERE cadence = %(cadence)s
    WINDOW by_time AS (ORDER BY as_of)
),
judged AS (
    SELECT
        run_id, was_stale,
        follows IS NOT NULL AND bool_or(
            (follows #>> ARRAY[macro_segment, 'model_id']) IS DISTINCT FROM (models_before ->> macro_segment)
            OR (models_before ? macro_segment AND follows #>> ARRAY[macro_segment, 'run_id'] <> run_before)
            OR coalesce(follows #>> ARRAY[macro_segment, 'fingerprint'] <> fingerprints_before ->> macro_segment, false)
        ) AS is_stale
    FROM run, jsonb_object_keys(models) AS macro_segment
    GROUP BY run_id, was_stale, follows
)
UPDATE segmentation_run AS run
SET is_stale = judged.is_stale
FROM judged
WHERE run.run_id = judged.run_id AND judged.is_stale <> judged.was_stale;

SELECT run_id FROM segmentation_run WHERE cadence = %(cadence)s AND is_stale ORDER BY as_of
