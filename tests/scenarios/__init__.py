"""Whole stories, by command line and at windows, on the practice estate and on real servers."""
