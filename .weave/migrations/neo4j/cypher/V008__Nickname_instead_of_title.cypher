// Titles turned out to be nicknames for some; keep both for a release.
MATCH (p:Person)
WHERE p.title CONTAINS ';'
SET p.nickname = trim(split(p.title, ';')[1]), p.title = trim(split(p.title, ';')[0]);
