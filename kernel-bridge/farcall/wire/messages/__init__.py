"""The gateway protocol, as data: one Struct a message, one module a topic, as in src/wire/messages/, which it mirrors.

The docstring says who sends it to whom and when. ``bytes`` fields are little-endian tables (u8, u32 or f32 per
entry), so nothing here is an object per input. A message's payload travels behind its header in the frame.
``request`` is chosen by the asker and echoed. PROTOCOL.md explains each message; test/vectors/ proves both
languages on the same bytes.
"""

from __future__ import annotations

from .apps import AppAccepted as AppAccepted
from .apps import AppLeave as AppLeave
from .apps import AppList as AppList
from .apps import AppListing as AppListing
from .apps import AppMessage as AppMessage
from .apps import AppPut as AppPut
from .apps import AppStop as AppStop
from .apps import AppStopped as AppStopped
from .apps import AppSummary as AppSummary
from .apps import FunctionFind as FunctionFind
from .apps import FunctionFound as FunctionFound
from .apps import FunctionMoved as FunctionMoved
from .apps import FunctionVary as FunctionVary
from .apps import NamedFunction as NamedFunction
from .apps import NamedSummary as NamedSummary
from .apps import Schedule as Schedule
from .calls import CallAccepted as CallAccepted
from .calls import CallAsk as CallAsk
from .calls import CallAttach as CallAttach
from .calls import CallCancel as CallCancel
from .calls import CallCancelled as CallCancelled
from .calls import CallDerive as CallDerive
from .calls import CallDetach as CallDetach
from .calls import CallInfo as CallInfo
from .calls import CallList as CallList
from .calls import CallListing as CallListing
from .calls import CallMessage as CallMessage
from .calls import CallOpen as CallOpen
from .calls import CallRelease as CallRelease
from .calls import CallSeal as CallSeal
from .calls import CallSealed as CallSealed
from .calls import CallSummary as CallSummary
from .calls import Counts as Counts
from .calls import InputsAccepted as InputsAccepted
from .calls import InputsPut as InputsPut
from .calls import Parent as Parent
from .connecting import ConnectingMessage as ConnectingMessage
from .connecting import Failed as Failed
from .connecting import Goaway as Goaway
from .connecting import Hello as Hello
from .connecting import Ping as Ping
from .connecting import Pong as Pong
from .connecting import Welcome as Welcome
from .containers import CallForget as CallForget
from .containers import CallLoad as CallLoad
from .containers import ContainerBroken as ContainerBroken
from .containers import ContainerMessage as ContainerMessage
from .containers import ContainerReady as ContainerReady
from .containers import ContainerWaiting as ContainerWaiting
from .containers import Drain as Drain
from .containers import FailureSummary as FailureSummary
from .containers import FunctionLoad as FunctionLoad
from .containers import InputsRun as InputsRun
from .containers import LeasesRevoked as LeasesRevoked
from .containers import OutcomesAcknowledged as OutcomesAcknowledged
from .containers import OutcomesPut as OutcomesPut
from .environments import EnvironmentMessage as EnvironmentMessage
from .environments import ImageBuild as ImageBuild
from .environments import ImageBuilt as ImageBuilt
from .environments import ImageFailed as ImageFailed
from .environments import ImageProgress as ImageProgress
from .environments import ImageRecipe as ImageRecipe
from .environments import ImagesExpire as ImagesExpire
from .environments import ImagesExpired as ImagesExpired
from .environments import ImageStep as ImageStep
from .environments import ImageStop as ImageStop
from .environments import PackagesAsk as PackagesAsk
from .environments import PackagesState as PackagesState
from .functions import AutoscalerState as AutoscalerState
from .functions import AutoscalerUpdate as AutoscalerUpdate
from .functions import EnvironmentPut as EnvironmentPut
from .functions import FunctionAccepted as FunctionAccepted
from .functions import FunctionAsk as FunctionAsk
from .functions import FunctionCode as FunctionCode
from .functions import FunctionFetch as FunctionFetch
from .functions import FunctionMessage as FunctionMessage
from .functions import FunctionPut as FunctionPut
from .functions import FunctionReplace as FunctionReplace
from .functions import FunctionSpec as FunctionSpec
from .functions import FunctionState as FunctionState
from .graph import GraphCalls as GraphCalls
from .graph import GraphChildren as GraphChildren
from .graph import GraphFold as GraphFold
from .graph import GraphFolded as GraphFolded
from .graph import GraphInputs as GraphInputs
from .graph import GraphList as GraphList
from .graph import GraphMessage as GraphMessage
from .graph import GraphName as GraphName
from .graph import GraphNode as GraphNode
from .graph import GraphRoot as GraphRoot
from .graph import GraphStates as GraphStates
from .hosts import ContainerExited as ContainerExited
from .hosts import ContainerStart as ContainerStart
from .hosts import ContainerStarted as ContainerStarted
from .hosts import ContainerStop as ContainerStop
from .hosts import Heartbeat as Heartbeat
from .hosts import HostMessage as HostMessage
from .hosts import HostState as HostState
from .hosts import LeaseCancel as LeaseCancel
from .hosts import LeaseRevoke as LeaseRevoke
from .hosts import LeaseRevoked as LeaseRevoked
from .hosts import OutputPut as OutputPut
from .objects import DictGet as DictGet
from .objects import DictPage as DictPage
from .objects import DictPop as DictPop
from .objects import DictPut as DictPut
from .objects import DictRead as DictRead
from .objects import DictValue as DictValue
from .objects import ObjectAsk as ObjectAsk
from .objects import ObjectClear as ObjectClear
from .objects import ObjectDelete as ObjectDelete
from .objects import ObjectDone as ObjectDone
from .objects import ObjectInfo as ObjectInfo
from .objects import ObjectKind as ObjectKind
from .objects import ObjectList as ObjectList
from .objects import ObjectListing as ObjectListing
from .objects import ObjectMessage as ObjectMessage
from .objects import ObjectOpen as ObjectOpen
from .objects import ObjectOpened as ObjectOpened
from .objects import ObjectSummary as ObjectSummary
from .objects import QueueGet as QueueGet
from .objects import QueueItems as QueueItems
from .objects import QueueLeave as QueueLeave
from .objects import QueuePut as QueuePut
from .objects import QueueRead as QueueRead
from .objects import QueueTaken as QueueTaken
from .operations import ContainerSummary as ContainerSummary
from .operations import Gpu as Gpu
from .operations import OperationMessage as OperationMessage
from .operations import RuntimeAsk as RuntimeAsk
from .operations import RuntimeState as RuntimeState
from .operations import RuntimeStop as RuntimeStop
from .operations import StoreCopied as StoreCopied
from .operations import StoreCopy as StoreCopy
from .operations import StoreExpire as StoreExpire
from .operations import StoreExpired as StoreExpired
from .operations import TokenList as TokenList
from .operations import TokenListing as TokenListing
from .operations import TokenMade as TokenMade
from .operations import TokenMake as TokenMake
from .operations import TokenRevoke as TokenRevoke
from .operations import TokenRevoked as TokenRevoked
from .operations import TokenSummary as TokenSummary
from .outcomes import CallEnded as CallEnded
from .outcomes import InputsPage as InputsPage
from .outcomes import InputsRead as InputsRead
from .outcomes import Items as Items
from .outcomes import ItemsTaken as ItemsTaken
from .outcomes import OutcomeMessage as OutcomeMessage
from .outcomes import Outcomes as Outcomes
from .outcomes import OutcomesPage as OutcomesPage
from .outcomes import OutcomesRead as OutcomesRead
from .outcomes import OutcomesTaken as OutcomesTaken
from .watching import FailureGroup as FailureGroup
from .watching import InputRow as InputRow
from .watching import InputsList as InputsList
from .watching import InputsRows as InputsRows
from .watching import Lane as Lane
from .watching import Output as Output
from .watching import OutputPage as OutputPage
from .watching import OutputRead as OutputRead
from .watching import PreviewAsk as PreviewAsk
from .watching import PreviewMade as PreviewMade
from .watching import PreviewMake as PreviewMake
from .watching import Progress as Progress
from .watching import SlowInput as SlowInput
from .watching import TimingAsk as TimingAsk
from .watching import TimingState as TimingState
from .watching import Unwatch as Unwatch
from .watching import Watch as Watch
from .watching import WatchingMessage as WatchingMessage

Message = (
    ConnectingMessage
    | EnvironmentMessage
    | FunctionMessage
    | AppMessage
    | CallMessage
    | OutcomeMessage
    | WatchingMessage
    | GraphMessage
    | ObjectMessage
    | OperationMessage
    | ContainerMessage
    | HostMessage
)
