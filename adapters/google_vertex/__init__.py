"""Google Vertex AI: endpoints, the organisation's policy, denials, quotas and running work of one project."""

from adapters.google_vertex.adapter import GoogleVertex

ADAPTER = GoogleVertex
