WITH users AS (SELECT user_id, COUNT(*) AS events FROM events GROUP BY user_id)
SELECT e.id, e.happened_at, u.events FROM events AS e JOIN users AS u ON u.user_id = e.user_id
