"""Kubernetes and KServe: stop what serves a model, run less of it, or let fewer callers reach it."""

from adapters.kubernetes.adapter import Kubernetes

ADAPTER = Kubernetes
