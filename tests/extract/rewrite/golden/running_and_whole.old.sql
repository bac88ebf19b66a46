SELECT
  `events`.`id`,
  `events`.`happened_at`,
  (
    SELECT
      SUM(`w1`.`amount`)
    FROM `events` AS `w1`   FORCE INDEX (`by_user`)
    WHERE
      `w1`.`user_id` = `events`.`user_id`
      AND (
        `w1`.`happened_at` <= `events`.`happened_at`
      )
  ) AS with_equal_times,
  (
    SELECT
      SUM(`w2`.`amount`)
    FROM `events` AS `w2`   FORCE INDEX (`by_user`)
    WHERE
      `w2`.`user_id` = `events`.`user_id`
      AND (
        `w2`.`happened_at` <= `events`.`happened_at`
        AND (
          `w2`.`happened_at` < `events`.`happened_at` OR (
            `w2`.`id` <= `events`.`id`
          )
        )
      )
  ) AS row_by_row,
  (
    SELECT
      COUNT(*)
    FROM `events` AS `w3`   FORCE INDEX (`by_user`)
    WHERE
      `w3`.`user_id` = `events`.`user_id`
  ) AS of_user,
  (
    SELECT
      `w4`.`note`
    FROM `events` AS `w4`   FORCE INDEX (`by_user`)
    WHERE
      `w4`.`user_id` = `events`.`user_id`
    ORDER BY
      `w4`.`user_id` DESC,
      `w4`.`happened_at` DESC,
      `w4`.`id` DESC
    LIMIT 1
  ) AS last_note,
  (
    `events`.`n`
  ) AS own
FROM events AS `events`
WHERE
  (`events`.`happened_at` < '2026-01-01')
