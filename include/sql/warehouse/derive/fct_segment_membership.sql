-- Who was in which segment when: gaps and islands over the labels of the primary cadence, recomputed from the run
-- before :as_of. Only rows that differ are changed.
CREATE TEMP TABLE derived_membership ON COMMIT DROP AS
WITH run AS (
    SELECT
        run_id, as_of, models, follows IS NULL AS is_of_older_version,
        lag(as_of) OVER by_time AS before, lag(models) OVER by_time AS models_before, lead(as_of) OVER by_time AS after
    FROM segmentation_run
    WHERE cadence = %(cadence)s
    WINDOW by_time AS (ORDER BY as_of)
),
label AS (
    SELECT
        customer_id, macro_segment, as_of, segment_key, micro_key, run_id, before, after, is_of_older_version,
        models ->> macro_segment IS DISTINCT FROM models_before ->> macro_segment AS refitted,
        lag(as_of) OVER by_customer AS seen_at,
        lag(segment_key) OVER by_customer AS key_before,
        lag(micro_key) OVER by_customer AS micro_before
    FROM fct_segment_label JOIN run USING (as_of)
    WHERE cadence = %(cadence)s AND as_of >= coalesce(%(before)s, %(as_of)s)
    WINDOW by_customer AS (PARTITION BY customer_id, macro_segment ORDER BY as_of)
),
step AS (
    SELECT
        *,
        seen_at IS NULL OR seen_at IS DISTINCT FROM before AS appears,
        segment_key IS DISTINCT FROM key_before OR micro_key IS DISTINCT FROM micro_before AS moves
    FROM label
),
island AS (
    SELECT
        *, count(*) FILTER (WHERE appears OR moves) OVER (PARTITION BY customer_id, macro_segment ORDER BY as_of) AS nth
    FROM step
),
stay AS (
    SELECT
        customer_id, macro_segment, segment_key, micro_key,
        min(as_of) AS began,
        (array_agg(after ORDER BY as_of DESC))[1] AS valid_to,
        bool_or(appears) FILTER (WHERE appears OR moves) AS appears,
        bool_or(refitted) FILTER (WHERE appears OR moves) AS refitted,
        bool_or(is_of_older_version) FILTER (WHERE appears OR moves) AS is_of_older_version,
        min(before) AS before,
        (array_agg(run_id ORDER BY as_of))[1] AS run_id
    FROM island
    GROUP BY customer_id, macro_segment, nth, segment_key, micro_key
)
SELECT
    stay.customer_id, stay.macro_segment,
    coalesce(earlier.valid_from, stay.began) AS valid_from,
    stay.valid_to, stay.segment_key, stay.micro_key,
    coalesce(
        earlier.entered_reason,
        event.reason,
        CASE -- another micro segment of the same segment, or a run of a version without events
            WHEN stay.appears THEN 'new'
            WHEN stay.refitted THEN 'refit'
            WHEN stay.is_of_older_version OR kpi.last_seen >= stay.before THEN 'activity'
            ELSE 'ageing'
        END
    ) AS entered_reason,
    coalesce(earlier.run_id, stay.run_id) AS run_id
FROM stay
LEFT JOIN fct_segment_event AS event
    ON event.customer_id = stay.customer_id
    AND event.macro_segment = stay.macro_segment
    AND event.occurred_at = stay.began
LEFT JOIN fct_customer_kpi AS kpi
    ON kpi.cadence = %(cadence)s AND kpi.as_of = stay.began AND kpi.customer_id = stay.customer_id
LEFT JOIN fct_segment_membership AS earlier -- a stay that the previous run already has
    ON earlier.customer_id = stay.customer_id
    AND earlier.macro_segment = stay.macro_segment
    AND stay.began = %(before)s
    AND earlier.valid_from <= %(before)s
    AND (earlier.valid_to > %(before)s OR earlier.valid_to IS NULL);

ANALYZE derived_membership;

DELETE FROM fct_segment_membership AS old
WHERE (valid_to >= %(as_of)s OR valid_to IS NULL)
    AND NOT EXISTS (
        SELECT FROM derived_membership AS derived
        WHERE derived.customer_id = old.customer_id AND derived.macro_segment = old.macro_segment
            AND derived.valid_from = old.valid_from AND derived.valid_to IS NOT DISTINCT FROM old.valid_to
            AND derived.segment_key = old.segment_key AND derived.micro_key IS NOT DISTINCT FROM old.micro_key
            AND derived.entered_reason = old.entered_reason AND derived.run_id = old.run_id
    );

INSERT INTO fct_segment_membership (
    customer_id, macro_segment, valid_from, valid_to, segment_key, micro_key, entered_reason, run_id
)
SELECT customer_id, macro_segment, valid_from, valid_to, segment_key, micro_key, entered_reason, run_id
FROM derived_membership AS derived
WHERE NOT EXISTS (
    SELECT FROM fct_segment_membership AS old
    WHERE old.customer_id = derived.customer_id AND old.macro_segment = derived.macro_segment
        AND old.valid_from = derived.valid_from
);
