"""A vendor's public status page, as a hint beside one's own probe."""

from adapters.status_page.adapter import StatusPage

ADAPTER = StatusPage
