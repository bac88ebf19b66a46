-- Moves from the previous run of the same cadence to the run at :as_of; none for a first run. The customers who stayed
-- are those of the previous run, less those who moved.
DELETE FROM fct_segment_migration WHERE cadence = %(cadence)s AND as_of = %(as_of)s;

WITH moves AS (
    SELECT
        macro_segment, coalesce(from_key, 'new') AS from_key, coalesce(to_key, 'left') AS to_key, count(*) AS customers,
        count(*) FILTER (WHERE reason = 'activity') AS activity,
        count(*) FILTER (WHERE reason = 'ageing') AS ageing,
        count(*) FILTER (WHERE reason = 'late_data') AS late_data,
        count(*) FILTER (WHERE reason = 'refit' AND to_key IS NOT NULL) AS refit,
        count(*) FILTER (WHERE boundary_noise) AS boundary_noise
    FROM moved
    GROUP BY 1, 2, 3
),
stays AS (
    SELECT macro_segment, segment_key, there.customers - coalesce(gone.customers, 0) AS customers
    FROM (
        SELECT macro_segment, segment_key, count(*) AS customers
        FROM fct_segment_label
        WHERE cadence = %(cadence)s AND as_of = %(before)s
        GROUP BY macro_segment, segment_key
    ) AS there
    LEFT JOIN (
        SELECT macro_segment, from_key AS segment_key, sum(customers) AS customers
        FROM moves
        GROUP BY macro_segment, from_key
    ) AS gone USING (macro_segment, segment_key)
),
flow AS (
    SELECT * FROM moves
    UNION ALL
    SELECT macro_segment, segment_key, segment_key, customers, 0, 0, 0, 0, 0 FROM stays WHERE customers > 0
)
INSERT INTO fct_segment_migration (
    cadence, as_of, macro_segment, from_key, to_key, previous_as_of, customers, share, activity, ageing, late_data, refit,
    boundary_noise
)
SELECT
    %(cadence)s, %(as_of)s, macro_segment, from_key, to_key, %(before)s::timestamptz, customers,
    customers / sum(customers) OVER (PARTITION BY macro_segment, from_key)::double precision,
    activity, ageing, late_data, refit, boundary_noise
FROM flow
WHERE %(before)s::timestamptz IS NOT NULL;

UPDATE fct_segment_size AS size
SET
    entered = CASE WHEN %(before)s::timestamptz IS NOT NULL THEN coalesce((
        SELECT sum(customers) FROM fct_segment_migration AS move
        WHERE (move.cadence, move.as_of, move.macro_segment) = (size.cadence, size.as_of, size.macro_segment)
            AND to_key = segment_key AND from_key <> segment_key
    ), 0) END,
    "left" = CASE WHEN %(before)s::timestamptz IS NOT NULL THEN coalesce((
        SELECT sum(customers) FROM fct_segment_migration AS move
        WHERE (move.cadence, move.as_of, move.macro_segment) = (size.cadence, size.as_of, size.macro_segment)
            AND from_key = segment_key AND to_key <> segment_key
    ), 0) END
WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND parent_key IS NULL
