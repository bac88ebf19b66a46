SELECT
    id, happened_at,
    RANK() OVER w AS rank_by_n,
    DENSE_RANK() OVER w AS dense_by_n,
    ROW_NUMBER() OVER (PARTITION BY n ORDER BY happened_at DESC, id DESC) AS newest_first
FROM events
WINDOW w AS (PARTITION BY user_id ORDER BY n)
