"""Small painted widgets that every panel is built from; each has a name and a role for screen readers."""
