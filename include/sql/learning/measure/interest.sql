-- An enrolment in a course that is unknown, or not known yet, counts as a course without type and category.
WITH enrolled AS (
    SELECT
        p.customer_id,
        count(*) FILTER (
            WHERE c.course_type = 'certificate' AND {{ window("certificate_enrolments", "e.enrolled_at") }}
        ) AS certificates,
        count(*) FILTER (
            WHERE c.course_type = 'diploma' AND {{ window("diploma_enrolments", "e.enrolled_at") }}
        ) AS diplomas,
        count(DISTINCT c.category) FILTER (WHERE {{ window("distinct_categories", "e.enrolled_at") }}) AS categories,
        count(DISTINCT e.course_id) FILTER (WHERE {{ window("distinct_courses", "e.enrolled_at") }}) AS courses,
        count(*) FILTER (WHERE {{ window("lifetime_enrolments", "e.enrolled_at") }}) AS ever
    FROM population AS p
    INNER JOIN enrolments AS e ON e.user_id = p.customer_id
    LEFT JOIN courses AS c ON c.course_id = e.course_id
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    coalesce(e.certificates, 0) AS certificate_enrolments,
    coalesce(e.diplomas, 0) AS diploma_enrolments,
    coalesce(e.categories, 0) AS distinct_categories,
    coalesce(e.courses, 0) AS distinct_courses,
    coalesce(e.ever, 0) AS lifetime_enrolments
FROM population AS p
LEFT JOIN enrolled AS e ON e.customer_id = p.customer_id
