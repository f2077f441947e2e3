// Give every imported message an author; the person's place decides which.
MATCH (p:Person)
WITH p ORDER BY p.email
WITH collect(p) AS people
MATCH (m:Message)
WITH people, m, toInteger(m.ts) % size(people) AS place
WITH m, people[place] AS author
MERGE (author)-[:POSTED]->(m);

MATCH (m:Message), (c:Channel {name: 'general'})
MERGE (m)-[:IN]->(c);
