"""What an Open Inference Protocol server says, read tolerantly.

Shapes seen on Triton 2.51.0, MLServer 1.7.1 and KServe 0.21.0.
Sources: the protocol's REST description and Triton's model repository extension.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

REFUSALS = 400
NOT_FOUND = 404
MAX_ELEMENTS = 200_000
_WHOLE = ("INT", "UINT")
_PENDING_NAME = "nv_inference_pending_request_count"
_PENDING = re.compile(rf"^{_PENDING_NAME}\{{([^}}]*)\}} (\S+)\s*$", re.MULTILINE)


class Said(BaseModel):
    """Anything the server says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Indexed(Said):
    """One version of a model in the repository index. A model that was never loaded has no state."""

    name: str
    version: str = ""
    state: str = ""
    reason: str = ""


class Tensor(Said):
    """A tensor's description. A dimension of -1 is free."""

    name: str
    datatype: str
    shape: list[int]


class Metadata(Said):
    """GET /v2/models/{model}: gone once the model is unloaded."""

    name: str
    platform: str = ""
    inputs: list[Tensor] = []


class Loaded(Said):
    """GET /v2/models, KServe's own."""

    models: list[str]


class Server(Said):
    """GET /v2."""

    name: str
    version: str = ""
    extensions: list[str] = []


class Inferred(Said):
    """An answered inference."""

    model_name: str
    outputs: list[dict[str, Any]]


_INDEX = TypeAdapter(list[Indexed])
_TENSORS = TypeAdapter(list[Tensor])


def index_of(reply: Reply) -> list[Indexed]:
    """The repository index.

    Raises:
        Malformed: when it is something else.
    """
    try:
        return _INDEX.validate_python(reply.json())
    except ValidationError as fault:
        raise Malformed("the repository index is not one") from fault


def tensors_of(text: str) -> list[Tensor]:
    """The inputs that a plan carries in its parameters; none when it carries none."""
    try:
        return _TENSORS.validate_json(text) if text else []
    except ValidationError:
        return []


def text_of(tensors: list[Tensor]) -> str:
    """The inputs as a plan carries them."""
    return _TENSORS.dump_json(tensors).decode()


def error_of(reply: Reply) -> str:
    """The server's own sentence ("error" at Triton, "error" or "detail" elsewhere), or nothing."""
    try:
        said = reply.json()
    except Malformed:
        return ""
    found = (said.get("error") or said.get("detail")) if isinstance(said, dict) else None
    return found if isinstance(found, str) else ""


def waiting_in(reply: Reply, model: str) -> int | None:
    """How many calls to a model wait, over all its versions; None where these metrics count no model's.

    Raises:
        Malformed: when they are no metrics, or hold no number.
    """
    text = reply.body.decode("utf-8", "replace")
    if not text.startswith("# HELP"):
        raise Malformed("what the server answers are no metrics")
    found = _PENDING.findall(text)
    if f"# TYPE {_PENDING_NAME} " not in text:
        return None
    try:
        return sum(int(float(number)) for labels, number in found if f'model="{model}"' in labels)
    except (ValueError, OverflowError) as fault:
        raise Malformed("the server's metrics hold no number") from fault


def infer_body(inputs: list[Tensor]) -> dict[str, Any] | None:
    """The smallest request that fits these inputs: zeros, one along every free dimension; None when huge."""
    tensors: list[dict[str, Any]] = []
    total = 0
    for tensor in inputs:
        shape = [size if size > 0 else 1 for size in tensor.shape]
        count = 1
        for size in shape:
            count *= size
        total += count
        if total > MAX_ELEMENTS:
            return None
        tensors.append(
            {"name": tensor.name, "shape": shape, "datatype": tensor.datatype, "data": [_zero(tensor.datatype)] * count}
        )
    return {"inputs": tensors} if tensors else None


def _zero(datatype: str) -> object:
    if datatype == "BYTES":
        return "x"
    if datatype == "BOOL":
        return False
    return 0 if datatype.startswith(_WHOLE) else 0.0


_VOICE = Voice("the server", "the protocol")
read, check = _VOICE.read, _VOICE.check
