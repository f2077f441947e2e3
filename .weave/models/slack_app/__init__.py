"""What the sample's Slack archive keeps."""
