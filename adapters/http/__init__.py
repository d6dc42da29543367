"""Control planes declared in a file: levers as YAML, read as data, never run as code."""
