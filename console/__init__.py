"""Standdown: the console with which a team corrects a deployed model. It must never import its own parts here."""

__version__ = "0.1.0"
