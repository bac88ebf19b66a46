-- Aggregates of whole partitions, running ones by rows and by time (equal times together), of every number.
SELECT
    id,
    COUNT(*) OVER (PARTITION BY user_id) AS events,
    COUNT(note) OVER w AS notes,
    COUNT(*) OVER (w ROWS UNBOUNDED PRECEDING) AS so_far,
    SUM(n) OVER w AS n_so_far,
    SUM(n) OVER (PARTITION BY user_id ORDER BY happened_at) AS n_up_to_this_time,
    SUM(t) OVER (PARTITION BY n) AS t_of_same_n,
    SUM(big) OVER (PARTITION BY user_id) AS big_sum,
    SUM(amount) OVER (w RANGE UNBOUNDED PRECEDING) AS amount_so_far,
    SUM(n > 1) OVER w AS large_so_far,
    AVG(n) OVER w AS n_mean,
    AVG(t) OVER (PARTITION BY user_id) AS t_mean,
    AVG(big) OVER (PARTITION BY user_id ORDER BY n) AS big_mean,
    AVG(amount) OVER (PARTITION BY user_id ORDER BY happened_at DESC) AS amount_mean_backwards,
    MIN(amount) OVER w AS least,
    MAX(happened_at) OVER (PARTITION BY user_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS newest,
    MIN(day) OVER (PARTITION BY user_id ORDER BY n) AS first_day,
    MAX(user_id) OVER (ORDER BY happened_at) AS highest_user,
    MIN(ratio) OVER (PARTITION BY user_id) AS least_ratio
FROM events
WHERE t IS NULL OR t <> 2
WINDOW w AS (PARTITION BY user_id ORDER BY happened_at, id)
