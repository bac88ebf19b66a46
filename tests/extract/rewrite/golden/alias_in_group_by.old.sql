SELECT
  DATE(`events`.`happened_at`) AS a_day,
  `events`.`n` + 1 AS n,
  COUNT(*) AS events,
  MAX(`events`.`happened_at`) AS happened_at
FROM events AS `events`
GROUP BY
  DATE(`events`.`happened_at`),
  `events`.`n`
