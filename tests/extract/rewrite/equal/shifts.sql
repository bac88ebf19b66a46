-- LAG and LEAD under a WHERE of their own level, in both directions, with offsets and defaults, of every type.
SELECT
    id, user_id, happened_at,
    LAG(happened_at) OVER w AS at_before,
    LAG(user_id, 1, 0) OVER (ORDER BY happened_at, id) AS user_before,
    LAG(n, 2) OVER w AS n_two_before,
    LAG(n, 2, -1) OVER w AS n_or_default,
    LAG(n, 1, t) OVER w AS n_or_own,
    LEAD(amount) OVER w AS amount_after,
    LEAD(amount, 3, 0.5) OVER w AS amount_or_default,
    LEAD(note) OVER w AS note_after,
    LEAD(day, 0) OVER w AS day_here,
    LAG(day) OVER (PARTITION BY user_id ORDER BY happened_at DESC, id DESC) AS day_backwards,
    LAG(big) OVER (PARTITION BY n ORDER BY happened_at, id) AS big_of_same_n,
    LEAD(id) OVER (PARTITION BY user_id ORDER BY n, id) AS id_by_n,
    LAG(id) OVER (PARTITION BY user_id ORDER BY n DESC, id DESC) AS id_by_n_backwards,
    LAG(ratio) OVER w AS ratio_before,
    LAG(raw) OVER w AS raw_before
FROM events
WHERE n IS NULL OR n < 3
WINDOW w AS (PARTITION BY user_id ORDER BY happened_at, id)
