-- Allows fs:AttachStorageNamespace in every policy that allows fs:CreateRepository: creating a repository now requires
-- both, and whoever could create one before must still be able to. A policy that names the new action, whether it
-- allows or denies it, was written with it in mind and is left alone. So is one with a null among its actions.
-- Statements or actions that are not arrays, and elements that are not objects, count as empty: a policy edited by hand
-- must not stop the migration of all others.

WITH creator AS (
    SELECT auth_policies.id
    FROM auth_policies
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(auth_policies.statement) WHEN 'array' THEN auth_policies.statement ELSE '[]' END
    ) AS element (value)
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE jsonb_typeof(element.value -> 'Action') WHEN 'array' THEN element.value -> 'Action' ELSE '[]' END
    ) AS action (pattern)
    GROUP BY auth_policies.id
    HAVING NOT bool_or(action.pattern IS NULL OR action.pattern = 'fs:AttachStorageNamespace')
        -- An action is a pattern whose only wildcards are * and ?. To convert it to a pattern of LIKE, the characters
        -- that are special only to LIKE are escaped first; the escape is a ! because the backslash must stay literal.
        AND bool_or(
            element.value ->> 'Effect' = 'allow'
            AND 'fs:CreateRepository' LIKE translate(
                replace(replace(replace(action.pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*?', '%_'
            ) ESCAPE '!'
        )
)
UPDATE auth_policies
SET statement = auth_policies.statement
    || '[{"Action": ["fs:AttachStorageNamespace"], "Effect": "allow", "Resource": "*"}]'::jsonb
FROM creator
WHERE auth_policies.id = creator.id;
