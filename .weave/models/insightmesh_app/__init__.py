"""What the sample's knowledge base keeps."""
