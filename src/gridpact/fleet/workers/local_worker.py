"""The process of a worker on this machine: it is handed tasks on stdin and gives their answers on stdout.

Both are pickles, one after the other. It ends with the process that has started it, however that ends.
"""

import os
import pickle
import sys
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO, NoReturn

from gridpact.errors import GridpactError

READY = "ready"
Task = Callable[[], object]


def main() -> NoReturn:
    """Does what it is handed, until there is nobody any more who would hand it something."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    tasks = SimpleQueue[Task]()
    Thread(target=_listen, args=(sys.stdin.buffer, tasks), daemon=True).start()
    _say(READY, answers)
    while True:
        try:
            answer = tasks.get()()
        except Exception as error:  # which ends the run, and is told where it was asked for
            answer = error
        _say(answer, answers)


def _listen(handed: BinaryIO, tasks: "SimpleQueue[Task]") -> NoReturn:
    """Takes tasks while another is done, and ends the process in its midst where no more can come."""
    while True:
        try:
            tasks.put(pickle.load(handed))
        except EOFError:
            os._exit(0)
        except Exception as error:
            tasks.put(partial(_fail, error))


def _fail(error: Exception) -> NoReturn:
    raise error


def _say(answer: object, answers: BinaryIO) -> None:
    try:
        content = pickle.dumps(answer)
        pickle.loads(content)
    except Exception:  # an error of a library that does not bear it
        content = pickle.dumps(GridpactError(f"unexpected {type(answer).__name__}: {answer}"))
    try:
        answers.write(content)
        answers.flush()
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main()
