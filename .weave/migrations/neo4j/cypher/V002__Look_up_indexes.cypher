CREATE INDEX message_sent_at IF NOT EXISTS FOR (m:Message) ON (m.sentAt);
CREATE INDEX posted_weight IF NOT EXISTS FOR ()-[r:INTERESTED_IN]-() ON (r.weight);
