-- Why a merge queue waits, as the data of its sentence too.
ALTER TABLE merge_queues ADD COLUMN saying TEXT;
