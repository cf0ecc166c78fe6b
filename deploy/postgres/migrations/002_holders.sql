-- Which life of the node `holder` claimed last: the connections of that life are named after it, so that who claims next
-- can end the one that has fallen asleep in the middle of its commit.
ALTER TABLE actors ADD COLUMN holder_incarnation text NOT NULL DEFAULT '';
