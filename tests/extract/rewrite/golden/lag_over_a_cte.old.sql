SELECT
  `events`.`id` AS `id`,
  `events`.`user_id` AS `learner`,
  `events`.`happened_at` AS `at`,
  (
    SELECT
      `w1`.`happened_at`
    FROM `events` AS `w1`   FORCE INDEX (`by_user`)
    WHERE
      `w1`.`user_id` = `events`.`user_id`
      AND (
        `w1`.`happened_at` <= `events`.`happened_at`
        AND (
          `w1`.`happened_at` < `events`.`happened_at` OR (
            `w1`.`id` < `events`.`id`
          )
        )
      )
      AND (
        `w1`.`n` > 5 OR `w1`.`n` IS NULL
      )
    ORDER BY
      `w1`.`user_id` DESC,
      `w1`.`happened_at` DESC,
      `w1`.`id` DESC
    LIMIT 1
    OFFSET 1
  ) AS two_before
FROM events AS `events`
WHERE
  `events`.`n` > 5 OR `events`.`n` IS NULL
