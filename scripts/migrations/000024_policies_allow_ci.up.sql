-- Allows the new actions on runs of hooks in the two policies that manage repositories, so that users who have these
-- policies from an earlier release get them automatically. A policy that allows exactly this already is left alone, so
-- a second run changes nothing. So is a policy whose statement is not an array.

UPDATE auth_policies
SET statement = auth_policies.statement || addition.statement
FROM (
    VALUES
        ('RepoManagementReadAll', '[{"Action": ["ci:Read*"], "Effect": "allow", "Resource": "*"}]'::jsonb),
        ('RepoManagementFullAccess', '[{"Action": ["ci:*"], "Effect": "allow", "Resource": "*"}]'::jsonb)
) AS addition (display_name, statement)
WHERE auth_policies.display_name = addition.display_name
    AND jsonb_typeof(auth_policies.statement) = 'array'
    AND NOT auth_policies.statement @> addition.statement;
