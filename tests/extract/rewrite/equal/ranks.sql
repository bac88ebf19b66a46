-- Numbers and ranks, with ties and with NULL in the order and in the partition.
SELECT
    e.id,
    ROW_NUMBER() OVER (PARTITION BY e.user_id ORDER BY e.happened_at, e.id) AS visit,
    ROW_NUMBER() OVER (ORDER BY e.happened_at, e.id) AS of_all,
    RANK() OVER (PARTITION BY e.user_id ORDER BY e.happened_at) AS by_time,
    RANK() OVER (PARTITION BY e.user_id ORDER BY e.n) AS by_n,
    RANK() OVER (PARTITION BY e.user_id ORDER BY e.n DESC) AS by_n_backwards,
    DENSE_RANK() OVER (PARTITION BY e.user_id ORDER BY e.n) AS dense_by_n,
    DENSE_RANK() OVER (PARTITION BY e.user_id ORDER BY e.n DESC) AS dense_by_n_backwards,
    DENSE_RANK() OVER (PARTITION BY e.user_id ORDER BY e.happened_at, e.id) AS dense_by_time,
    ROW_NUMBER() OVER (PARTITION BY e.n ORDER BY e.happened_at DESC, e.id DESC) AS of_same_n
FROM events AS e
