// 5,000 messages are too many for one transaction on a small server: 1,000 at a time.
// CALL … IN TRANSACTIONS commits on its own, so it can't share one with its record.
UNWIND range(1, 5000) AS i
CALL (i) {
  MERGE (m:Message {channel: 'general', ts: toString(1700000000 + i * 60)})
  SET m.text = 'Message number ' + i, m.sentAt = datetime({epochSeconds: 1700000000 + i * 60})
} IN TRANSACTIONS OF 1000 ROWS;
