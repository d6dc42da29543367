"""Hugging Face Inference Endpoints: pause and resume, replicas, deletion."""

from adapters.hf_endpoints.adapter import HFEndpoints

ADAPTER = HFEndpoints
