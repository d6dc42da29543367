"""HAProxy's runtime socket: block and slow callers, stop traffic, drain servers."""

from adapters.haproxy.adapter import HAProxy

ADAPTER = HAProxy
