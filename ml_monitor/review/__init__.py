"""The reviewers' page: one prediction at a time, approved or corrected. Needs the extra `review`."""
