SELECT
    id, happened_at,
    SUM(amount) OVER (PARTITION BY user_id ORDER BY happened_at) AS with_equal_times,
    SUM(amount) OVER (w ROWS UNBOUNDED PRECEDING) AS row_by_row,
    COUNT(*) OVER (PARTITION BY user_id) AS of_user,
    LAST_VALUE(note) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_note,
    LAST_VALUE(n) OVER w AS own
FROM events
WINDOW w AS (PARTITION BY user_id ORDER BY happened_at, id)
