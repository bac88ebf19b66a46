SELECT
  `events`.`user_id` AS `Learner`,
  `events`.`id` AS `id`,
  `events`.`happened_at` AS `At`,
  `events`.`n` AS `n`,
  (
    SELECT
      `w1`.`n`
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
    ORDER BY
      `w1`.`user_id` DESC,
      `w1`.`happened_at` DESC,
      `w1`.`id` DESC
    LIMIT 1
  ) AS before_n
FROM events AS `events`
