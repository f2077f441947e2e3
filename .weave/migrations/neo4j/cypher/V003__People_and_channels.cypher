// People first; channels refer to them. Semicolons like this one; don't end a statement.
UNWIND [
  {email: 'ada@example.com', name: 'Ada', title: 'Engineer; mathematics'},
  {email: 'grace@example.com', name: 'Grace', title: 'Rear admiral'},
  {email: 'edsger@example.com', name: 'Edsger', title: "Professor; \"EWD\""}
] AS row
MERGE (p:Person {email: row.email})
SET p.name = row.name, p.title = row.title;

/* The first channels; their purposes are what Slack shows,
   so they may hold any character. */
MERGE (c:Channel {name: 'general'})
SET c.purpose = 'Announcements; nothing else';

MERGE (c:Channel {name: 'compilers'})
SET c.purpose = 'Parsers, https://example.com/a;b and the like';

// Everybody is in #general, two are in #compilers.
MATCH (p:Person), (c:Channel {name: 'general'})
MERGE (p)-[:MEMBER_OF]->(c);

MATCH (p:Person), (c:Channel {name: 'compilers'})
WHERE p.email IN ['ada@example.com', 'grace@example.com']
MERGE (p)-[:MEMBER_OF]->(c);
