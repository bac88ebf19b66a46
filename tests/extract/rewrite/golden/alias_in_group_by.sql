SELECT DATE(happened_at) AS a_day, n + 1 AS n, COUNT(*) AS events, MAX(happened_at) AS happened_at
FROM events
GROUP BY a_day, N
