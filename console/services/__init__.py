"""One function for each intention of a person. Transactions begin and end here; it never prints and never prompts."""
