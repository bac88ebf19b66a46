SELECT
  `w1`.`id`,
  `w1`.`happened_at`,
  (
    SELECT
      COUNT(*) + 1
    FROM `events` AS `w2`   FORCE INDEX (`by_user`)
    WHERE
      `w2`.`user_id` = `w1`.`user_id`
      AND (
        `w2`.`happened_at` <= `w1`.`happened_at`
        AND (
          `w2`.`happened_at` < `w1`.`happened_at` OR (
            `w2`.`id` < `w1`.`id`
          )
        )
      )
  ) AS nth
FROM events AS `w1`
WHERE
  (`w1`.`happened_at` < '2026-01-01')
