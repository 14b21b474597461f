-- Removes the task queue with the tasks in it: no release from 0.31 on uses it.
-- Databases that never had it pass through. There is no CASCADE: an object that somebody else made depend on the queue
-- stops the migration instead of vanishing with it.

DROP FUNCTION IF EXISTS delete_tasks;
DROP TYPE IF EXISTS tasks_recurse_value;
DROP FUNCTION IF EXISTS remove_task_dependencies;
DROP FUNCTION IF EXISTS return_task;
DROP FUNCTION IF EXISTS no_more_tries;
DROP FUNCTION IF EXISTS extend_task_deadline;
DROP FUNCTION IF EXISTS own_tasks;
DROP FUNCTION IF EXISTS can_allocate_task;
DROP TABLE IF EXISTS tasks;
DROP TYPE IF EXISTS task_status_code_value;
