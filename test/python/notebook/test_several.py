"""What a cell shows of a few inputs of many, and of several calls that are waited for together."""

from __future__ import annotations

from support.kernel import MIME, Kernel


def test_a_limited_map_says_what_the_rest_takes_and_offers_it(kernel: Kernel) -> None:
    kernel.run("@farcall.function\ndef triple(x): return 3 * x")
    ran = kernel.run("few = triple.map(range(100), limit=3)\nfew")
    assert "3 inputs ran; 97 are left: about" in ran.text
    assert "run_rest()" in ran.text
    assert kernel.run("sum(few.run_rest())").value == str(3 * sum(range(100)))
    assert "are left" not in kernel.run("triple.map(range(3))").text


def test_gather_shows_one_card_with_a_row_each(kernel: Kernel) -> None:
    kernel.run("@farcall.function\ndef nap(s):\n    import time; time.sleep(s); return s")
    ran = kernel.run("farcall.gather(nap.spawn(1.6), nap.spawn(1.5), nap.spawn(0))")
    assert ran.value == "[1.6, 1.5, 0]"
    cards = [message for message in ran.of("display_data") if MIME in message["content"]["data"]]
    assert len(cards) == 1
    view = ran.last_bundle()[MIME]
    assert len(view["calls"]) + 1 == 3
    assert view["kind"] == "call"
