"""A script as it is written for Modal today; only its first import differs: `import farcall as modal`.

Runs as `python modal_today.py`, and with `farcall run modal_today.py`, which calls the local entrypoint.
"""

import time

import farcall as modal

app = modal.App("today")


@app.function()
def square(x):
    return x**2


@app.function()
def power(base, exponent=2):
    return base**exponent


@app.function()
def upto(count):
    yield from range(count)


@app.function()
async def slowly(x):
    return x + 1


@app.function(retries=modal.Retries(max_retries=3, initial_delay=0.0, backoff_coefficient=1.0))
def flaky(key):
    tries = modal.Dict.from_name("today-tries", create_if_missing=True)
    tries[key] = tries.get(key, 0) + 1
    if tries[key] < 3:
        raise RuntimeError(f"try {tries[key]}")
    return tries[key]


@app.function(timeout=1)
def stuck():
    time.sleep(60)


@app.function()
def fails(x):
    raise ValueError(f"not {x}")


@app.function()
def total(numbers):
    return sum(square.map(numbers))


@app.function()
def produce(queue_name, count):
    queue = modal.Queue.from_name(queue_name, create_if_missing=True)
    for number in range(count):
        queue.put(number)


@app.cls()
class Model:
    factor: int = modal.parameter(default=2)

    @modal.enter()
    def load(self):
        self.weights = [self.factor] * 3

    @modal.method()
    def predict(self, x):
        return sum(self.weights) * x

    @modal.exit()
    def close(self):
        self.weights = []


def functions():
    print("local", square.local(3), "remote", square.remote(4))
    print("named", power.remote(2, exponent=5))
    print("async function", slowly.remote(1))
    print("nested", total.remote([1, 2, 3]))


def maps():
    print("map", list(square.map(range(5))))
    print("kwargs", list(power.map([1, 2, 3], kwargs={"exponent": 3})))
    print("two iterators", list(power.map([2, 3], [3, 2])))
    print("starmap", list(power.starmap([(2, 3), (3, 2)])))
    print("unordered", sorted(square.map(range(5), order_outputs=False)))
    print("for_each", square.for_each(range(3)))
    print("exceptions", [type(each).__name__ for each in fails.map([1, 2], return_exceptions=True)])
    print("generator", list(upto.remote_gen(3)))


def calls():
    call = square.spawn(7)
    print("spawn", call.get(timeout=60), call.num_inputs())
    print("by id", modal.FunctionCall.from_id(call.object_id).get())
    print("gather", modal.FunctionCall.gather(square.spawn(1), power.spawn(2, 3)))
    waiting = stuck.spawn()
    try:
        waiting.get(timeout=0)
    except TimeoutError:
        print("poll", "not yet")
    try:
        waiting.get()
    except modal.exception.FunctionTimeoutError:
        print("timeout", "after one attempt")
    modal.Dict.from_name("today-tries", create_if_missing=True).clear()
    print("retried", flaky.remote("a"))
    try:
        fails.remote(3)
    except ValueError as error:
        print("raised", error)


def settings():
    told = square.update_autoscaler(max_containers=2, scaledown_window=30)
    print("autoscaler", told.max_containers, told.scaledown_window)
    print("stats", square.get_current_stats().backlog)
    print("options", square.with_options(timeout=30).remote(5))
    print("web", square.get_web_url())


def classes():
    print("class", Model().predict.remote(2), Model(factor=3).predict.remote(2))
    print("class map", list(Model().predict.map([1, 2])))


def objects():
    shared = modal.Dict.from_name("today", create_if_missing=True)
    shared["answer"] = 42
    print("dict", shared["answer"], shared.get("nothing", "default"))
    queue = modal.Queue.from_name("today-queue", create_if_missing=True)
    produce.remote("today-queue", 3)
    print("queue", [queue.get() for _ in range(3)])


@app.local_entrypoint()
def main():
    functions()
    maps()
    calls()
    settings()
    classes()
    objects()
    print("done")


if __name__ == "__main__":
    with app.run():
        main()
