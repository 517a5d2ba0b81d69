"""What a call's inputs printed, page by page: as far as it is there, or on to the call's end."""

from __future__ import annotations

import codecs
from collections.abc import Generator

from .. import errors
from ..client.asking import replied
from ..client.session import Session
from ..client.waiting import Bell
from ..wire.messages import OutputPage, OutputRead

#: Text; None: wait for the bell or a tick, then go on.
Texts = Generator["str | None", None, None]


def printed(session: Session, call_id: str, bell: Bell, *, index: int, follow: bool) -> Texts:
    """Text as it comes, until the call has ended and all of it was read; without ``follow`` what is there now."""
    offset = 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a page may end within a character
    while offset >= 0:
        message = OutputRead(request=0, call_id=call_id, index=index, offset=offset)
        page, payload = yield from replied(session, message, bell)
        if not isinstance(page, OutputPage):
            raise errors.ConnectionError("the gateway did not answer output.read")
        if text := decoder.decode(payload, final=page.next < 0):
            yield text
        if not payload and page.next >= 0:
            if not follow:
                return
            yield None
        offset = page.next
