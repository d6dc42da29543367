"""Model servers that speak the Open Inference Protocol with its repository extension: unload a model."""

from adapters.open_inference.adapter import OpenInference

ADAPTER = OpenInference
