WITH of_users AS (SELECT User_ID AS Learner, ID, HAPPENED_AT AS `At`, n FROM events)
SELECT x.*, LAG(N) OVER (PARTITION BY learner ORDER BY at, id) AS before_n FROM of_users AS x
