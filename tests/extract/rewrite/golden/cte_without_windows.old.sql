SELECT
  `e`.`id`,
  `e`.`happened_at`,
  `u`.`events`
FROM events AS `e`
JOIN (
  SELECT
    `events`.`user_id`,
    COUNT(*) AS events
  FROM events AS `events`
  GROUP BY
    `events`.`user_id`
) AS `u`
  ON `u`.`user_id` = `e`.`user_id`
WHERE
  (`e`.`happened_at` < '2026-01-01')
