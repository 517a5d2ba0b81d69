"""By hand: why a promise falls short, or how its line is to be read. The last column of docs/performance.md."""

from __future__ import annotations

#: Promise's name → one sentence or two, with the profile's conclusion where there is one (more in ARCHITECTURE.md).
REASONS: dict[str, str] = {
    "call latency, p50": "one chain through five threads of three processes, about the sum of their CPU time; 0.9 ms "
    "once V8 has compiled it, after some thousand calls in a row, and 2 ms in the first hundreds, which are "
    "measured here",
    "call latency, p99": "as above; beyond it, two cores for five threads",
    "tiny inputs": "8.6 µs of CPU an input (container 4.0, client 2.7, gateway 1.5) against 3.9 of a pool that "
    "records nothing",
    "fan-out efficiency": "level with a process pool, which has the same sleeps, sixteen processes and two cores",
    "arrays, argument": "moved once through a file both sides map; by the hour 0.7–2.8 × shared memory",
    "arrays, result": "as above",
    "first call, from nothing": "0.87 s in a quick hour, 1.6 s in a slow one (Ray 2.9 and 4.7 s in the same); most "
    "of it Node's start and imports",
    "container start, 0 → 16": "a cell's function; one of a module adds, in each container, what importing that module "
    "costs",
    "memory, gateway": "10 million inputs; half a million take 149 MB. 64 MB of chunks are kept at hand, V8's young "
    "generation takes about 130 (a smaller one costs a tenth more CPU), the newest outcomes 32",
    "memory flat, gateway": "1.08 and 1.10 in two runs of 10 million inputs: what is kept at hand fills up",
    "growth, inputs": "a map of 1,000 tiny inputs takes 15–20 ms, most of it what any call costs",
    "growth, containers": "beyond two, containers take turns on two cores",
    "growth, clients": "100 clients map 1,000 inputs each, so a hundred times what any call costs; 101 processes on "
    "two cores",
    "arrays by TLS, argument": "Ray Client's published 0.15 GB/s stands for it, and the goal is three times that; Node "
    "hands TLS over 16 KiB at a time, which takes 155 ms for 100 MB when nothing else is done",
    "arrays by TLS, result": "as above",
    "frames": "`map_batches`, 50,000 rows at a time, one column back; such rows are not one piece of a frame's memory, "
    "so pickling copies them first: alone 1.0 GB/s",
    "frames by row": "`map(df)`, one input a row of 8 numbers; no goal of its own",
    "a view's frame": "a map of a million inputs in JupyterLab and Chromium, by the end-to-end tests: script, style "
    "and layout of the whole page ÷ frames in which its card changed; half of what is left is React",
}
