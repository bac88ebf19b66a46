-- The whole table as one partition.
SELECT id, COUNT(*) OVER () AS events, SUM(amount) OVER (ORDER BY happened_at) AS amount_so_far FROM events
