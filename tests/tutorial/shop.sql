-- A small coffee shop: what 2,000 customers ordered from January 2024 to October 2025. The same rows on every server.
CREATE TABLE orders (
    order_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_no INT,
    email VARCHAR(60),
    country CHAR(2) NOT NULL,
    ordered_at DATETIME NOT NULL,
    status VARCHAR(10) NOT NULL,
    total DECIMAL(10, 2) NOT NULL,
    currency CHAR(3) NOT NULL
);

CREATE TABLE digits (d INT NOT NULL PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);

-- Of ten customers four order once, three now and then, two again and again, and one has not come for long; some buy a
-- bag, others boxes. CRC32 stands for chance.
INSERT INTO orders (customer_no, email, country, ordered_at, status, total, currency)
SELECT
    customer,
    CONCAT('customer', customer, '@example.org'),
    ELT(1 + CRC32(CONCAT('country', customer)) % 10, 'DE', 'DE', 'DE', 'DE', 'DE', 'AT', 'AT', 'AT', 'CH', 'CH'),
    TIMESTAMPADD(
        MINUTE, CRC32(CONCAT('minute', customer, '.', i)) % (IF(kind = 9, 200, 660) * 1440), '2024-01-05'
    ) AS ordered_at,
    'paid',
    IF(CRC32(CONCAT('boxes', customer)) % 3 = 0, 95, 14) + CRC32(CONCAT('cents', customer, '.', i)) % 900 / 100,
    'EUR'
FROM (
    SELECT
        1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS customer,
        (1 + a.d) % 10 AS kind
    FROM digits AS a, digits AS b, digits AS c, digits AS e
    WHERE e.d < 2
) AS customers
INNER JOIN (SELECT a.d + 10 * b.d AS i FROM digits AS a, digits AS b WHERE b.d < 2) AS orders_of_one
    ON i < ELT(1 + kind, 1, 1, 1, 1, 3, 3, 4, 12, 15, 3)
ORDER BY ordered_at, customer;

-- Some send back what they bought, and some visitors order without an account.
INSERT INTO orders (customer_no, email, country, ordered_at, status, total, currency)
SELECT customer_no, email, country, TIMESTAMPADD(DAY, 5, ordered_at), 'returned', -total, currency
FROM orders
WHERE order_id % 40 = 0 AND ordered_at < '2025-10-20';

UPDATE orders SET customer_no = NULL WHERE order_id % 97 = 0;

DROP TABLE digits;
