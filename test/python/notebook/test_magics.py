"""The magics in a real kernel: the same object as the decorator's, the notebook's own lines, errors with a caret."""

from __future__ import annotations

from support.kernel import Kernel


def test_the_magic_makes_what_the_decorator_makes(kernel: Kernel) -> None:
    made = kernel.run('%%function gpu="A100", retries=2\ndef embed(text):\n    return len(text)')
    assert (made.error, made.text) == ("", "")
    kernel.run("@farcall.function(gpu='A100', retries=2)\ndef other(text):\n    return len(text)")
    assert kernel.run("type(embed) is type(other), embed.local('abc')").value == "(True, 3)"


def test_the_function_is_a_function_for_the_rest_of_the_cell(kernel: Kernel) -> None:
    ran = kernel.run("%%function\ndef twice(x): return 2 * x\nkind = type(twice).__name__\nkind")
    assert ran.value == "'Function'"


def test_other_decorators_stay_inside(kernel: Kernel) -> None:
    ran = kernel.run("%%function\ndef plus(f):\n    return lambda x: f(x) + 1\n", cell_id="")
    assert ran.error == ""
    ran = kernel.run(
        "%%function third\ndef _plus(f):\n    return lambda x: f(x) + 1\n@_plus\ndef third(x): return x\nthird.local(1)"
    )
    assert ran.value == "2"


def test_a_traceback_shows_the_editors_lines(kernel: Kernel) -> None:
    ran = kernel.run("%%function\n\ndef broken(x):\n    y = x\n    return y / 0\n\nbroken.local(1)")
    assert ran.error.startswith("ZeroDivisionError")
    assert "line 5" in ran.traceback or "--> 5" in strip(ran.traceback)
    assert "return y / 0" in strip(ran.traceback)
    assert "magics.py" not in ran.traceback


def test_the_source_is_found(kernel: Kernel) -> None:
    kernel.run("%%function\nimport math\n\ndef area(r):\n    # round\n    return math.pi * r\n")
    assert kernel.run("import inspect; print(inspect.getsource(area.get_raw_f()))").text == (
        "def area(r):\n    # round\n    return math.pi * r\n\n"
    )


def test_several_functions_need_a_name(kernel: Kernel) -> None:
    assert "which function?" in kernel.run("%%function\ndef a(): ...\ndef b(): ...").error
    ran = kernel.run("%%function b, retries=1\ndef a(): ...\ndef b(): ...\nprint(type(a).__name__, type(b).__name__)")
    assert ran.text == "function Function\n"


def test_a_private_helper_does_not_count(kernel: Kernel) -> None:
    ran = kernel.run(
        "%%function\ndef _h(): return 1\ndef main(): return _h()\nprint(type(main).__name__, main.local())"
    )
    assert ran.text == "Function 1\n"


def test_a_cell_without_a_function_says_so(kernel: Kernel) -> None:
    assert "def name(...)" in kernel.run("%%function\nx = 1").error
    assert "x" not in kernel.run("[name for name in ('x',) if name in globals()]").value


def test_a_wrong_name_says_what_there_is(kernel: Kernel) -> None:
    assert "no function emed in this cell (it has embed)" in kernel.run("%%function emed\ndef embed(): ...").error


def test_a_wrong_option_is_the_decorators_own_error(kernel: Kernel) -> None:
    ran = kernel.run("%%function gpus='A100'\ndef f(): ...")
    assert "gpus" in ran.error
    assert "gpu" in ran.error
    direct = kernel.run("@farcall.function(gpus='A100')\ndef f(): ...")
    assert direct.error.partition(": ")[2].splitlines()[0] in ran.error


def test_a_syntax_error_in_the_line_has_a_caret(kernel: Kernel) -> None:
    error = kernel.run("%%function gpu='A100' retries=2\ndef f(): ...").error
    assert error.rstrip().endswith("^")


def test_a_syntax_error_in_the_body_names_the_editors_line(kernel: Kernel) -> None:
    ran = kernel.run("%%function\n\ndef f(:\n    pass")
    assert "SyntaxError" in ran.error
    assert "line 3" in strip(ran.traceback)


def test_dollars_and_braces_in_the_line_are_left_alone(kernel: Kernel) -> None:
    kernel.run("x = 'expanded'")
    ran = kernel.run("%%function name='{x}$x'\ndef f(): ...")
    assert "expanded" not in ran.error + ran.text


def test_hooks_run_once_a_cell(kernel: Kernel) -> None:
    kernel.run("runs = []\nget_ipython().events.register('post_run_cell', lambda result: runs.append(1))")
    kernel.run("runs.clear()")
    kernel.run("%%function\ndef f(): ...")
    assert kernel.run("len(runs)").value == "2"


def test_ipython_syntax_and_the_last_expression_work_in_the_body(kernel: Kernel) -> None:
    ran = kernel.run("%%function\ndef f(): ...\nhere = !echo hi\n%time pass\nhere[0]")
    assert ran.value == "'hi'"


def test_farcall_without_a_gateway_starts_none(kernel: Kernel) -> None:
    assert "the first call starts it" in kernel.run("%farcall status").text


def test_farcall_names_its_commands(kernel: Kernel) -> None:
    assert "status, connect, calls, logs, cancel, containers, doctor" in kernel.run("%farcall nonsense").error
    assert "logs CALL" in kernel.run("%farcall logs").error


def test_options_are_completed(kernel: Kernel) -> None:
    code = '%%function gpu="A100", ret'
    kernel.client.complete(code, len(code))
    matches = kernel.client.get_shell_msg(timeout=60)["content"]["matches"]
    assert matches == ["retries="]


def strip(text: str) -> str:
    """Without colours."""
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_farcall_status_says_how_containers_are_kept_apart(kernel: Kernel) -> None:
    kernel.run("import farcall\n@farcall.function\ndef one(): return 1\none.remote()")
    assert "isolation: none: containers run as the gateway's user" in kernel.run("%farcall status").text
