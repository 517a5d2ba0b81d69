"""Functions: where they run, what they ask for, which version a name means, how many containers they have."""

from __future__ import annotations

from .environments import ImageRecipe
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
    #: What its containers find instead of the interpreter's own packages; absent: these.
    image: ImageRecipe | None = None
    #: The files that the image's steps name: digest → blob.
    files: dict[str, str] | None = None


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
    #: Ranked choices such as `["H100:2", "A100:0.5"]` (a share of one). `""` as the last one means "else without".
    #: Empty: none.
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
    #: Where it is defined; absent: `__main__`.
    module: str = ""
    #: Inputs that one container runs at once, each on its own; 0: one.
    max_concurrent: int = 0
    #: As many of them a container should have; 0: `max_concurrent`.
    target_concurrent: int = 0
    #: Inputs that the function takes in one go, as lists; 0: it takes one.
    max_batch: int = 0
    #: How long a batch waits for more inputs, from its first.
    batch_wait: float = 0.0
    #: Cores its containers may use at most; 0: as many as there are. `cpu` is what is claimed.
    cpu_limit: float = 0.0
    #: MiB that are claimed, where that is less than `memory`, the limit.
    memory_request: int = 0
    #: The host must have one of these as its region, and this as its cloud; empty: any host.
    region: tuple[str, ...] = ()
    cloud: str = ""
    #: Of a class: base64 of the pickled values its instance is made with; empty: none.
    parameters: str = ""
    #: A class whose instances have parameters: containers are theirs, it keeps none itself.
    is_base: bool = False
    #: The version that this one was made of, with parameters or other options: it counts as deployed while that is.
    of: str = ""


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


class FunctionAsk(Tagged, frozen=True, kw_only=True, tag="function.ask"):
    """Client → gateway. Answered by `function.state`."""

    request: int
    function_id: str


class FunctionState(Tagged, frozen=True, kw_only=True, tag="function.state"):
    """Gateway → client. One version as it is now. `headroom`: inputs that its ready containers could begin at once."""

    request: int
    #: Inputs that wait for a container, and those that run.
    backlog: int
    running: int
    #: Containers that are up, starting, or wait for nested calls.
    containers: int
    headroom: int
    #: Sentences for people: what it has, what it should have and why, what is missing.
    because: tuple[str, ...]


class FunctionFetch(Tagged, frozen=True, kw_only=True, tag="function.fetch"):
    """Client in a container → gateway. To call a function here that came with a call it runs. Answered by
    `function.code`.
    """

    request: int
    function_id: str


class FunctionCode(Tagged, frozen=True, kw_only=True, tag="function.code"):
    """Gateway → client in a container. Payload: the pickled code, unless it is in a blob."""

    request: int
    blob: str | None = None


FunctionMessage = (
    EnvironmentPut
    | FunctionPut
    | FunctionAccepted
    | FunctionReplace
    | AutoscalerUpdate
    | AutoscalerState
    | FunctionAsk
    | FunctionState
    | FunctionFetch
    | FunctionCode
)
