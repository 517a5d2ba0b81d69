"""By hand: why a promise falls short, or how its line is to be read. The last column of docs/performance.md."""

from __future__ import annotations

#: Promise's name → one sentence or two, with the profile's conclusion where there is one (more in ARCHITECTURE.md).
REASONS: dict[str, str] = {
    "call latency, p50": "one chain through five threads of three processes, about the sum of their CPU time; 0.9 ms "
    "once V8 has compiled it, after some thousand calls in a row, and 2 ms in the first hundreds, which are "
    "measured here",
    "tiny inputs": "8.6 µs of CPU an input (container 4.0, client 2.7, gateway 1.5) against 3.9 of a pool that "
    "records nothing",
    "container start, 0 → 16": "16 ms of CPU each, most of it pages copied after the fork; two cores",
    "growth, inputs": "a map of 1,000 tiny inputs ends before a second container is up; two cores",
    "arrays by TLS, argument": "Ray Client's published 0.15 GB/s stands for it; the goal is three times that",
    "arrays by TLS, result": "as above",
    "frames": "`map_batches`, 50,000 rows at a time, one column back",
    "frames by row": "`map(df)`, one input a row of 8 numbers; no goal of its own",
    "a view's frame": "a map of a million inputs in JupyterLab and Chromium, by the end-to-end tests: script, style and "
    "layout of the whole page ÷ frames in which its card changed",
}
