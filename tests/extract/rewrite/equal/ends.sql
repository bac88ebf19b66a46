-- First and last values in every frame that has one answer.
SELECT
    id,
    FIRST_VALUE(note) OVER w AS first_note,
    FIRST_VALUE(n) OVER (w ROWS UNBOUNDED PRECEDING) AS first_n,
    FIRST_VALUE(amount) OVER (PARTITION BY user_id ORDER BY happened_at DESC, id DESC) AS newest_amount,
    LAST_VALUE(n) OVER w AS last_n,
    LAST_VALUE(n) OVER (w ROWS UNBOUNDED PRECEDING) AS own_n,
    LAST_VALUE(note) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_note,
    LAST_VALUE(day) OVER (w RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_day,
    FIRST_VALUE(user_id) OVER (ORDER BY happened_at, id) AS first_user,
    FIRST_VALUE(raw) OVER (PARTITION BY n ORDER BY happened_at, id) AS first_raw
FROM events
WINDOW w AS (PARTITION BY user_id ORDER BY happened_at, id)
