-- From the run before, of the same cadence, to the run at :as_of; nothing where there is no run before.
DELETE FROM fct_segment_migration WHERE cadence = %(cadence)s AND as_of = %(as_of)s;

WITH before AS (
    SELECT macro_segment, customer_id, segment_key AS from_key
    FROM fct_segment_label
    WHERE cadence = %(cadence)s AND as_of = %(before)s
),
now AS (
    SELECT macro_segment, customer_id, segment_key AS to_key
    FROM fct_segment_label
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s
),
moved AS (
    SELECT macro_segment, coalesce(from_key, 'new') AS from_key, coalesce(to_key, 'left') AS to_key, count(*) AS customers
    FROM before FULL JOIN now USING (macro_segment, customer_id)
    GROUP BY 1, 2, 3
)
INSERT INTO fct_segment_migration
SELECT
    %(cadence)s, %(as_of)s, macro_segment, from_key, to_key, %(before)s::timestamptz, customers,
    customers / sum(customers) OVER (PARTITION BY macro_segment, from_key)::double precision
FROM moved
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
WHERE cadence = %(cadence)s AND as_of = %(as_of)s
