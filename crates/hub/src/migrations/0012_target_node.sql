-- What was merged for a project that is given by a URL, and is at no remote, is in the clone of one node: the tasks of the project go there
-- until that node has pushed it.
ALTER TABLE projects ADD COLUMN target_node_id TEXT REFERENCES nodes (id);
CREATE INDEX projects_target_node ON projects (target_node_id) WHERE target_node_id IS NOT NULL;
