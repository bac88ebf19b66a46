SELECT w1.id, w1.happened_at, ROW_NUMBER() OVER (PARTITION BY w1.user_id ORDER BY w1.happened_at, w1.id) AS nth FROM events AS w1
