-- Makes both additions of 28 and 29 once more, for policies that were made or replaced in their older form after those
-- two had run.
-- A policy that allows exactly this already is left alone, so a second run changes nothing. So is one whose statement is
-- not an array: nothing can be appended to it.

UPDATE auth_policies
SET statement = auth_policies.statement || addition.statement
FROM (
    VALUES
        ('RepoManagementReadAll', '[{"Action": ["fs:ReadConfig"], "Effect": "allow", "Resource": "*"}]'::jsonb),
        ('RepoManagementFullAccess', '[{"Action": ["fs:ReadConfig"], "Effect": "allow", "Resource": "*"}]'::jsonb)
) AS addition (display_name, statement)
WHERE auth_policies.display_name = addition.display_name
    AND jsonb_typeof(auth_policies.statement) = 'array'
    AND NOT auth_policies.statement @> addition.statement;

-- A second UPDATE, because one changes a row only once and the additions have a fixed order.
UPDATE auth_policies
SET statement = auth_policies.statement || addition.statement
FROM (
    VALUES
        ('RepoManagementReadAll', '[{"Action": ["retention:Get*"], "Effect": "allow", "Resource": "*"}]'::jsonb),
        ('RepoManagementFullAccess', '[{"Action": ["retention:*"], "Effect": "allow", "Resource": "*"}]'::jsonb)
) AS addition (display_name, statement)
WHERE auth_policies.display_name = addition.display_name
    AND jsonb_typeof(auth_policies.statement) = 'array'
    AND NOT auth_policies.statement @> addition.statement;
