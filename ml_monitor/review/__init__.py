"""Reviewers: who looks at which prediction, and their page, one prediction at a time (extra `review`)."""
