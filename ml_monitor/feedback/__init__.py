"""Collecting feedback: an HTTP API, a durable buffer, and the way into `feedback_events`. Needs the extra `feedback`."""
