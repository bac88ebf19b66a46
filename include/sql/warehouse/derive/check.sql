-- Sums that do not match at the run at :as_of: one row per macro segment and sum. No rows if everything matches.
WITH size AS (
    SELECT macro_segment, segment_key, customers
    FROM fct_segment_size
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND parent_key IS NULL
),
micro AS ( -- a customer whom hysteresis keeps in a segment is in none of its micro segments
    SELECT macro_segment, parent_key AS segment_key, sum(customers) AS customers
    FROM fct_segment_size
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND parent_key IS NOT NULL
    GROUP BY macro_segment, parent_key
),
arrived AS (
    SELECT macro_segment, to_key AS segment_key, sum(customers) AS customers
    FROM fct_segment_migration
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND to_key <> 'left'
    GROUP BY macro_segment, to_key
),
came_from AS (
    SELECT macro_segment, from_key AS segment_key, sum(customers) AS customers
    FROM fct_segment_migration
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND from_key <> 'new'
    GROUP BY macro_segment, from_key
),
before AS (
    SELECT macro_segment, segment_key, customers
    FROM fct_segment_size
    WHERE cadence = %(cadence)s AND as_of = %(before)s AND customers > 0 AND parent_key IS NULL
),
everyone AS (
    SELECT 'all' AS macro_segment, 'all' AS segment_key, customers
    FROM segmentation_run
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s
),
member AS (
    SELECT * FROM size UNION ALL SELECT * FROM everyone
),
funnel AS (
    SELECT
        macro_segment, segment_key, step, name, published.customers, met, member.customers AS members,
        lag(published.customers, 1, member.customers) OVER (PARTITION BY macro_segment, segment_key ORDER BY step) AS before
    FROM fct_funnel AS published JOIN member USING (macro_segment, segment_key)
    WHERE cadence = %(cadence)s AND as_of = %(as_of)s
)
SELECT macro_segment, 'segment sizes' AS what, sum(size.customers)::bigint AS total, run.customers AS expected
FROM size, segmentation_run AS run
WHERE run.cadence = %(cadence)s AND run.as_of = %(as_of)s
GROUP BY macro_segment, run.customers
HAVING sum(size.customers) <> run.customers
UNION ALL
SELECT macro_segment, 'micro segments of ' || segment_key, micro.customers::bigint, size.customers
FROM micro JOIN size USING (macro_segment, segment_key)
WHERE micro.customers > size.customers
UNION ALL
SELECT macro_segment, 'arrivals in ' || segment_key, coalesce(arrived.customers, 0)::bigint, size.customers
FROM size LEFT JOIN arrived USING (macro_segment, segment_key)
WHERE %(before)s::timestamptz IS NOT NULL AND coalesce(arrived.customers, 0) <> size.customers
UNION ALL
SELECT macro_segment, 'departures from ' || segment_key, coalesce(came_from.customers, 0)::bigint,
    coalesce(before.customers, 0)
FROM before FULL JOIN came_from USING (macro_segment, segment_key)
WHERE %(before)s::timestamptz IS NOT NULL AND coalesce(came_from.customers, 0) <> coalesce(before.customers, 0)
UNION ALL
SELECT macro_segment, 'reasons from ' || from_key || ' to ' || to_key, activity + ageing + late_data + refit, customers
FROM fct_segment_migration
WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND from_key <> to_key AND from_key <> 'new' AND to_key <> 'left'
    AND activity + ageing + late_data + refit <> customers
UNION ALL
SELECT macro_segment, 'funnel step ' || name || ' of ' || segment_key, customers, least(before, met)
FROM funnel
WHERE customers > least(before, met)
UNION ALL
SELECT funnel.macro_segment, 'funnel step ' || name || ' of the segments', sum(funnel.customers)::bigint, everyone_step.customers
FROM funnel JOIN (SELECT step, customers FROM funnel WHERE macro_segment = 'all') AS everyone_step USING (step)
WHERE funnel.macro_segment <> 'all'
GROUP BY funnel.macro_segment, name, everyone_step.customers
HAVING sum(funnel.customers) <> everyone_step.customers AND bool_and(funnel.customers IS NOT NULL OR members = 0)
UNION ALL
SELECT macro_segment, dimension || ' of ' || segment_key, sum(published.customers)::bigint, member.customers
FROM fct_segment_demographic AS published JOIN member USING (macro_segment, segment_key)
WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND report = ''
GROUP BY macro_segment, segment_key, dimension, member.customers
HAVING sum(published.customers) <> member.customers
UNION ALL
SELECT everyone.macro_segment, 'personas', sum(own_customers)::bigint, everyone.customers
FROM fct_persona, everyone
WHERE cadence = %(cadence)s AND as_of = %(as_of)s
GROUP BY everyone.macro_segment, everyone.customers
HAVING sum(own_customers) <> everyone.customers
ORDER BY 1, 2
