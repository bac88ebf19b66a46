SELECT
  `events`.`id`,
  `events`.`happened_at`,
  (
    SELECT
      COUNT(*) + 1
    FROM `events` AS `w1`   FORCE INDEX (`by_user_and_n`)
    WHERE
      `w1`.`user_id` = `events`.`user_id`
      AND (
        (
          `w1`.`n` < `events`.`n` OR (
            `w1`.`n` IS NULL AND NOT `events`.`n` IS NULL
          )
        )
      )
  ) AS rank_by_n,
  (
    SELECT
      COUNT(DISTINCT `w2`.`n`) + COALESCE(MAX(`w2`.`n` IS NULL), 0) + 1
    FROM `events` AS `w2`   FORCE INDEX (`by_user_and_n`)
    WHERE
      `w2`.`user_id` = `events`.`user_id`
      AND (
        (
          `w2`.`n` < `events`.`n` OR (
            `w2`.`n` IS NULL AND NOT `events`.`n` IS NULL
          )
        )
      )
  ) AS dense_by_n,
  (
    SELECT
      COUNT(*) + 1
    FROM `events` AS `w3`   FORCE INDEX (`by_n`)
    WHERE
      `w3`.`n` <=> `events`.`n`
      AND (
        `w3`.`happened_at` >= `events`.`happened_at`
        AND (
          `w3`.`happened_at` > `events`.`happened_at` OR (
            `w3`.`id` > `events`.`id`
          )
        )
      )
  ) AS newest_first
FROM events AS `events`
WHERE
  (`events`.`happened_at` < '2026-01-01')
