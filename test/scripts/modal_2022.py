"""A script as it was written for Modal in 2022; only its imports differ: `farcall` stands for `modal`."""

import farcall as modal
from farcall import gather

stub = modal.Stub("of-2022")


@stub.function
def square(x):
    return x * x


@stub.function(retries=1)
def pair(x, y):
    return (x, y)


@stub.generator
def upto(count):
    yield from range(count)


@stub.function
def parent(x):
    return square(x) + 1


def main():
    print("called", square(3))
    print("generator", list(upto(3)))
    print("map", list(square.map(range(4))))
    print("generator map", sorted(upto.map([2, 3])))
    print("starmap", list(pair.starmap([(1, 2), (3, 4)])))
    print("for_each", square.for_each([1, 2]))

    call = square.submit(5)
    print("submit", call.get(timeout=60))
    print("submit of a generator", upto.submit(2))
    print("gather", gather(square.submit(1), square.submit(2)))
    print("enqueue", square.enqueue(1))

    nested = parent.submit(4)
    print("nested", nested.get())
    (root,) = nested.get_call_graph()
    print("graph", root.function_name, root.status.name, [child.function_name for child in root.children])

    print("handle", isinstance(square, modal.FunctionHandle), square.get_raw_f()(2), square.web_url)
    print("outside", modal.current_input_id())
    print("done")


if __name__ == "__main__":
    with stub.run():
        main()
