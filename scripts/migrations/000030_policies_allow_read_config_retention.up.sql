-- Repeats the additions of 28 and 29, for policies that were created or replaced in their older form after these two
-- had run. A policy that allows exactly this already is left alone, so a second run changes nothing. So is a policy
-- whose statement is not an array.

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

-- A second UPDATE: one changes a row only once, and the order of the additions is fixed.
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
