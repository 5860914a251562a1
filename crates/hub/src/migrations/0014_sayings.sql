-- Sentences of the hub are kept as the data that they are made of too, beside their words: who reads another language than English says them
-- in that. Absent where the words are somebody else's, or older than this.
ALTER TABLE tasks ADD COLUMN saying TEXT;
ALTER TABLE task_stories ADD COLUMN saying TEXT;
ALTER TABLE plans ADD COLUMN saying TEXT;
ALTER TABLE runs ADD COLUMN saying TEXT;
