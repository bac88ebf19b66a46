-- Every card holder with a count before as_of. There is no other time, so first_seen is the time of the first count, not
-- the age of the card.
SELECT
    cust_id AS customer_id,
    min(taken_at) AS first_seen,
    max(taken_at) AS last_seen,
    count(*) AS source_rows
FROM card_holders
WHERE taken_at < {{ as_of }}
GROUP BY cust_id
