SELECT id, happened_at, before_at
FROM (
    SELECT e.id, e.happened_at, LAG(e.happened_at) OVER (PARTITION BY e.user_id ORDER BY e.happened_at, e.id) AS before_at
    FROM events AS e
    WHERE e.user_id IN (SELECT recent.user_id FROM events AS recent WHERE {{ page("recent.happened_at") }})
) AS gaps
WHERE before_at IS NOT NULL AND {{ page("happened_at") }}
