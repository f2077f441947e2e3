UNWIND ['parsing', 'graphs', 'search', 'migrations'] AS name
MERGE (t:Topic {name: name});

MATCH (p:Person {email: 'grace@example.com'}), (t:Topic {name: 'parsing'})
MERGE (p)-[r:INTERESTED_IN]->(t)
SET r.weight = 0.9;

MATCH (p:Person {email: 'ada@example.com'}), (t:Topic)
WHERE t.name IN ['graphs', 'search']
MERGE (p)-[r:INTERESTED_IN]->(t)
SET r.weight = 0.7;
