-- All customers whose segment at the run at :as_of differs from the previous run, with the reason. Four more keys lie
-- between the two published ones: a (previous as_of, raw), b (previous as_of, measured again with the data of this run),
-- c (this as_of, under the model of the previous run) and d (this as_of, raw). a -> b is late data, b -> c activity or
-- ageing, c -> d a refit. The reason is the last of these steps that changes the key, because it led to the current
-- segment. If none does, hysteresis had kept the customer, and the cause lies after held_from. If the run was not
-- compared with the previous run, b equals a, and c equals d under the same model or b under another.
DROP TABLE IF EXISTS moved;

CREATE TEMP TABLE moved ON COMMIT DROP AS
WITH run AS (
    SELECT
        model.macro_segment, model.id = earlier.models ->> model.macro_segment AS is_same_model,
        now.follows IS NULL AS is_of_older_version,
        coalesce(now.follows #>> ARRAY[model.macro_segment, 'model_id'] = earlier.models ->> model.macro_segment, false)
            AS is_model_known,
        coalesce(now.follows #>> ARRAY[model.macro_segment, 'run_id'] = earlier.run_id, false) AS is_run_known
    FROM segmentation_run AS now
    JOIN segmentation_run AS earlier ON earlier.cadence = now.cadence AND earlier.as_of = %(before)s,
        jsonb_each_text(now.models) AS model (macro_segment, id)
    WHERE now.cadence = %(cadence)s AND now.as_of = %(as_of)s
),
there AS (
    SELECT macro_segment, customer_id, segment_key AS from_key, coalesce(raw_key, segment_key) AS a, margin, held_from
    FROM fct_segment_label
    WHERE cadence = %(cadence)s AND as_of = %(before)s
),
here AS (
    SELECT
        macro_segment, customer_id, segment_key AS to_key, coalesce(raw_key, segment_key) AS d, margin,
        remeasured_key, previous_model_key
    FROM fct_segment_label
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s
),
mover AS (
    SELECT
        macro_segment, customer_id, from_key, to_key, a, d, remeasured_key, previous_model_key,
        coalesce(least(there.margin, here.margin) < 0.2 AND from_key IS NOT NULL AND to_key IS NOT NULL, false)
            AS boundary_noise,
        CASE WHEN a = d THEN coalesce(held_from, %(before)s) ELSE %(before)s END AS since
    FROM there FULL JOIN here USING (macro_segment, customer_id)
    WHERE from_key IS DISTINCT FROM to_key
),
halfway AS (
    SELECT
        *, CASE WHEN is_run_known AND is_model_known THEN coalesce(remeasured_key, a) ELSE a END AS b
    FROM mover LEFT JOIN run USING (macro_segment)
),
step AS (
    SELECT
        *,
        CASE
            WHEN is_same_model THEN d
            WHEN is_model_known THEN coalesce(previous_model_key, b)
            ELSE b
        END AS c
    FROM halfway
)
SELECT
    macro_segment, step.customer_id, from_key, to_key, boundary_noise,
    CASE
        WHEN from_key IS NULL THEN 'new'
        WHEN to_key IS NULL THEN CASE WHEN is_same_model IS NULL THEN 'refit' ELSE 'erased' END
        WHEN c <> d THEN 'refit'
        WHEN b = c AND a <> b THEN 'late_data'
        WHEN is_of_older_version OR kpi.last_seen >= since THEN 'activity'
        ELSE 'ageing'
    END AS reason
FROM step
LEFT JOIN fct_customer_kpi AS kpi
    ON kpi.cadence = %(cadence)s AND kpi.as_of = %(as_of)s AND kpi.customer_id = step.customer_id;

ANALYZE moved
