"""Ray Serve: remove an application, run fewer replicas of it, reconfigure a deployment."""

from adapters.ray_serve.adapter import RayServe

ADAPTER = RayServe
