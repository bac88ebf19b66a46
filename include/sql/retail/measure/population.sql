-- Every customer on a line, including those with cancellations only. Lines without a customer form the unknown row.
SELECT
    customer_id,
    min(invoice_date) AS first_seen,
    max(invoice_date) AS last_seen,
    count(*) AS source_rows,
    arg_max(country, (invoice_date, line_id)) AS country
FROM invoice_lines
WHERE invoice_date < {{ as_of }}
GROUP BY customer_id
