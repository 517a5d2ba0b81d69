"""By hand: why a promise falls short, or how its line is to be read. The last column of docs/performance.md."""

from __future__ import annotations

#: Promise's name → one sentence or two, with the profile's conclusion where there is one (more in ARCHITECTURE.md).
REASONS: dict[str, str] = {
    "call latency, p50": "one chain through seven threads of three processes, about the sum of their CPU time; the "
    "store's commit and the reader thread's hop are what is left to save",
    "arrays by TLS, argument": "Ray Client's published 0.15 GB/s stands for it; the goal is three times that",
    "arrays by TLS, result": "as above",
    "frames by slices": "`map_batches` does not exist yet: a map over 20 slices of the frame",
    "frames by row": "`map(df)`, one input a row of 8 numbers; no goal of its own",
    "a view's frame": "measured in Chromium by the end-to-end tests",
}
