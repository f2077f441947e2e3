// A repeatable migration: change this file and it runs again.
MATCH (c:Channel)
SET c.members = COUNT { (:Person)-[:MEMBER_OF]->(c) },
    c.messages = COUNT { (:Message)-[:IN]->(c) };
