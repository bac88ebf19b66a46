SELECT id, happened_at, LEAD(user_id, 1, 0) OVER (ORDER BY happened_at, id) AS next_user FROM events
