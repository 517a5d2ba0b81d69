"""Functions: where they run, what they ask for, which version a name means, how many containers they have."""

from __future__ import annotations

from .record import Record, Tagged


class EnvironmentPut(Tagged, frozen=True, kw_only=True, tag="environment.put"):
    """Client → gateway. Where a function's containers run: interpreter, folder, variables. Sent before its first
    function.
    """

    environment_id: str
    #: The interpreter, as a path on the client's host; only a gateway on the same host uses it.
    executable: str
    python: str
    cwd: str
    path: tuple[str, ...]
    variables: dict[str, str]


class FunctionSpec(Record, frozen=True, kw_only=True):
    """What a function asks for. Absent = the default of api.md §1. Times in seconds, memory in MiB."""

    app: str
    name: str
    is_generator: bool
    is_async: bool
    timeout: float
    startup_timeout: float
    max_retries: int
    initial_delay: float
    backoff: float
    max_delay: float
    cpu: float
    memory: int
    #: Ranked choices such as `["H100:2", "A100"]`; `""` as the last one means "else without". Empty: none.
    gpu: tuple[str, ...]
    min_containers: int
    max_containers: int
    buffer_containers: int
    scaledown_window: float
    #: Inputs before a container leaves; 0: no limit.
    max_inputs: int
    #: Modules to import in the zygote before forking, best effort.
    imports: tuple[str, ...]
    secrets: dict[str, str]
    #: Those of `secrets` whose values are kept out of output and tracebacks.
    hidden: tuple[str, ...] = ()


class FunctionPut(Tagged, frozen=True, kw_only=True, tag="function.put"):
    """Client → gateway. Makes a version known; sending it again is harmless. Payload: the pickled code."""

    request: int
    function_id: str
    environment_id: str
    spec: FunctionSpec
    blob: str | None = None


class FunctionAccepted(Tagged, frozen=True, kw_only=True, tag="function.accepted"):
    """Gateway → client. The version is durable."""

    request: int
    function_id: str


class FunctionReplace(Tagged, frozen=True, kw_only=True, tag="function.replace"):
    """Client → gateway. The name now means another version: idle containers of older ones stop at once."""

    app: str
    name: str
    function_id: str


class AutoscalerUpdate(Tagged, frozen=True, kw_only=True, tag="autoscaler.update"):
    """Client → gateway. Changes the autoscaler's settings of (app, name); absent = unchanged. Answered by
    `autoscaler.state`.
    """

    request: int
    app: str
    name: str
    min_containers: int | None = None
    max_containers: int | None = None
    buffer_containers: int | None = None
    scaledown_window: float | None = None


class AutoscalerState(Tagged, frozen=True, kw_only=True, tag="autoscaler.state"):
    """Gateway → client."""

    request: int
    min_containers: int
    max_containers: int
    buffer_containers: int
    scaledown_window: float


FunctionMessage = EnvironmentPut | FunctionPut | FunctionAccepted | FunctionReplace | AutoscalerUpdate | AutoscalerState
