SELECT
  `events`.`id`,
  `events`.`happened_at`,
  CASE
    WHEN (
      SELECT
        1
      FROM `events` AS `w1`   FORCE INDEX (`by_time`)
      WHERE
        (
          `w1`.`happened_at` >= `events`.`happened_at`
          AND (
            `w1`.`happened_at` > `events`.`happened_at` OR (
              `w1`.`id` > `events`.`id`
            )
          )
        )
      LIMIT 1
    ) IS NULL
    THEN CAST(0 AS UNSIGNED)
    ELSE (
      SELECT
        `w1`.`user_id`
      FROM `events` AS `w1`   FORCE INDEX (`by_time`)
      WHERE
        (
          `w1`.`happened_at` >= `events`.`happened_at`
          AND (
            `w1`.`happened_at` > `events`.`happened_at` OR (
              `w1`.`id` > `events`.`id`
            )
          )
        )
      ORDER BY
        `w1`.`happened_at`,
        `w1`.`id`
      LIMIT 1
    )
  END AS next_user
FROM events AS `events`
WHERE
  (`events`.`happened_at` < '2026-01-01')
