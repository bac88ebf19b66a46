CREATE TABLE events (
    id BIGINT PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, happened_at DATETIME NOT NULL, n INT, t TINYINT,
    big BIGINT, amount DECIMAL(10, 2), note VARCHAR(9), day DATE, ratio DOUBLE, raw VARBINARY(9)
) ENGINE=InnoDB;
ALTER TABLE events
    ADD KEY by_user (user_id, happened_at, id), ADD KEY by_n (n, happened_at, id), ADD KEY by_time (happened_at, id),
    ADD KEY by_user_and_n (user_id, n, id)
