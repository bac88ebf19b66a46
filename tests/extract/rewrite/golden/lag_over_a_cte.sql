WITH long_ones AS (SELECT id, user_id AS learner, happened_at AS at, n FROM events WHERE n > 5 OR n IS NULL)
SELECT id, learner, at, LAG(at, 2) OVER (PARTITION BY learner ORDER BY at, id) AS two_before FROM long_ones
