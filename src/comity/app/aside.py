"""Ranges, bands and slow steps in processes of their own beside each worker: they wait for slider steps, and can be
interrupted.

`python -m comity.app.aside NICE` reads one request a line from standard input and writes one answer a line to standard
output, both as JSON. It ends when its input does, that is with its worker. `Aside` is the worker's end of it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from itertools import count
from typing import IO, Any

from comity.app import limits
from comity.errors import ComityError, InputError

# nice of a process for slow steps, for ranges, for bands: what is waited for with a hand on the slider comes first,
# also that of other workers
PATIENCE = {"slow": 3, "ranges": 10, "bands": 15}
HUNGRY = 5  # nice of one that has waited too long for a processor: a quarter of what any other program gets
LOOK = 0.1  # seconds between looks at whether the work is still wanted
GRACE = 3.0  # seconds in which an interrupted process must answer; else it is replaced
STARTING = 30.0  # the same for one that still loads its modules: on a busy machine that takes longer than GRACE
BACK, BETWEEN = 0.04, 0.01  # seconds that ranges and bands stand back for a step, and that they have in between
HAS_CLOCK = sys.platform == "linux"  # that one process can read another's processor time
READY = 0  # number of the line that says that its modules are loaded


class AsideError(ComityError):
    """The process that makes ranges and bands has ended twice over the same request."""

    exit_code = 3


class RefusedError(ComityError):
    """A refusal in the words of the process aside; `where` is that of an InputError, else None."""

    exit_code = 3


class _Gone(Exception):
    """The process has ended."""


class _Hungry(Exception):
    """Other programs hold the processors: the process hardly works."""


class Aside:
    """One such process. For one thread: it does one thing after the other. patience : its nice."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.started = 0
        self.hungry = False  # the process gives way less than it usually does
        # moment, processor time of the process, and that of this one, when the request was sent
        self._begun = self._before = self._ours = 0.0
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._rest = b""
        self._open: int | None = None

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to a request (keys of `answered`): content and csv. What is raised into this thread meanwhile, for
        lack of time or because nobody waits any more, interrupts the work and is raised here.

        Raises InputError, RefusedError in the words of the other side, AsideError.
        """
        for _ in range(3):
            try:
                reply = self._ask(request)
            except _Gone:
                self.end()
            except _Hungry:
                self.end()
                self.hungry = True
            else:
                if self.hungry and self.spent() > 0.5 * (time.monotonic() - self._begun):
                    self.end()  # the processors are free again: the next one waits for all else
                return _unpacked(reply)
        raise AsideError("The process that solves ranges and bands ended without an answer. `comity run` says more.")

    def spent(self) -> float:
        """Processor seconds of the process since the request under way was sent; seconds where the system cannot say.
        A process that was replaced meanwhile counts from its own start."""
        return max(0.0, _clock(self._process) - self._before) if HAS_CLOCK else time.monotonic() - self._begun

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        try:
            self._open = number
            self.start()
            self._begun, self._before, self._ours = time.monotonic(), _clock(self._process), time.process_time()
            self._send({**request, "number": number})
            return self._receive(number)
        except (_Gone, _Hungry):
            raise
        except BaseException:
            if self._open == number:
                self._interrupt(number)
            raise

    def start(self) -> None:
        """Start the process where it is not there."""
        if self._process is None:
            self.started += 1
            self._ready, self._rest = False, b""
            command = [sys.executable, "-m", "comity.app.aside", str(HUNGRY if self.hungry else self.patience)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def stand_back(self) -> None:
        """Have it leave the processor to a step that begins, for BACK seconds. Priorities alone do not: they weigh what
        waits for one processor, and a step would share it with a range while a band has the other."""
        process = self._process
        if process is not None and self._ready:
            with suppress(OSError):
                process.send_signal(signal.SIGUSR2)

    def end(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self.hungry = False
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):  # what it was not sent in time stays unsent
                        stream.close()

    def _streams(self) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
        self.start()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        return process, process.stdin, process.stdout

    def _send(self, request: dict[str, Any]) -> None:
        _, there, _ = self._streams()
        try:
            there.write(json.dumps(request).encode() + b"\n")
            there.flush()
        except OSError:
            raise _Gone from None

    def _receive(self, number: int, *, soon: bool = False) -> dict[str, Any]:
        """The answer of that number; older ones are dropped. soon : within GRACE, or STARTING."""
        begun = time.monotonic()
        while not soon or time.monotonic() - begun < (GRACE if self._ready else STARTING):
            line, mark, rest = self._rest.partition(b"\n")
            if not mark:
                if not soon and self._starves():
                    raise _Hungry
                self._rest += self._read()
                continue
            self._rest = rest
            try:
                found: dict[str, Any] = json.loads(line)
            except ValueError:
                raise _Gone from None
            self._ready = True
            if found.get("number") == number:
                self._open = None
                return found
        raise _Gone

    def _starves(self) -> bool:
        """Whether the process has had next to nothing of the processors since the request was sent, and not because its
        worker has steps to solve, for which it is to wait."""
        passed = time.monotonic() - self._begun
        if self.hungry or self.patience < PATIENCE["ranges"] or passed <= limits.HUNGRY_SECONDS:
            return False
        least = limits.HUNGRY_SHARE * passed
        return self.spent() < least and time.process_time() - self._ours < least

    def _read(self) -> bytes:
        _, _, here = self._streams()
        if not select.select([here], [], [], LOOK)[0]:
            return b""
        part = os.read(here.fileno(), 1 << 20)
        if not part:
            raise _Gone
        return part

    def _interrupt(self, number: int) -> None:
        """Have the other side drop what it does; replace it where it does not answer."""
        try:
            if self._process is not None:
                if not self._ready:
                    self._receive(READY, soon=True)  # earlier a signal would end it
                self._process.send_signal(signal.SIGUSR1)
                self._receive(number, soon=True)
        except _Gone:
            self.end()
        except BaseException:
            self.end()
            raise


def _clock(process: subprocess.Popen[bytes] | None) -> float:
    """Processor time of another process: its clock has the number that clock_getcpuclockid(3) gives."""
    if process is None or not HAS_CLOCK:
        return 0.0
    try:
        return time.clock_gettime(~process.pid << 3 | 2)
    except OSError:  # it has ended
        return 0.0


def _unpacked(reply: dict[str, Any]) -> dict[str, Any]:
    problem = reply.get("problem")
    if problem is None:
        return {key: reply[key] for key in ("content", "csv")}
    if "where" in problem:
        raise InputError(**problem)
    raise RefusedError(problem["message"])


class _Dropped(BaseException):
    """Raised in the other process by SIGUSR1, while it works."""


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """The reply to a request: `query` of a state or a scenario `text`, `ranges`, `draws`."""
    from comity.app.answer import answer, answer_text
    from comity.app.state import State

    try:
        if request.get("text") is not None:
            found = answer_text(request["text"], request["ranges"], request["draws"])
        else:
            found = answer(State.from_query(request["query"]), request["ranges"], request["draws"])
    except InputError as problem:
        keys = ("where", "problem", "found", "allowed", "nearest", "advice")
        return {"problem": {key: _plain(getattr(problem, key)) for key in keys}}
    except ComityError as problem:
        return {"problem": {"message": str(problem)}}
    return {"content": json.loads(found.body), "csv": found.csv}


def _plain(thing: Any) -> Any:
    """Words as JSON has them."""
    if thing is None or isinstance(thing, str):
        return thing
    return [str(one) for one in thing] if isinstance(thing, (list, tuple, set, frozenset, dict)) else str(thing)


def hush(end: type[BaseException]) -> None:
    """Have Python not report the end of a solve that met a finaliser, which lets none out: it is told again, or its
    process ended."""
    usual = sys.unraisablehook

    def report(about: sys.UnraisableHookArgs) -> None:
        if not isinstance(about.exc_value, end):
            usual(about)

    sys.unraisablehook = report


def give_way(patience: int) -> None:
    """What a hand on a slider does not wait for runs where nothing else wants the processor (Linux), else with a nice:
    a step that begins is put on a processor that has only such work, at once."""
    os.nice(patience)
    if patience >= PATIENCE["ranges"] and hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def main(patience: int) -> None:
    """The body of the process."""
    give_way(patience)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    working = dropped = False
    stood = 0.0

    def stand_back(_number: int, _frame: Any) -> None:
        nonlocal stood
        if working and time.monotonic() - stood > BETWEEN:
            time.sleep(BACK)
            stood = time.monotonic()

    def drop(_number: int, _frame: Any) -> None:
        nonlocal dropped
        dropped = True
        if working:
            raise _Dropped

    signal.signal(signal.SIGUSR1, drop)
    signal.signal(signal.SIGUSR2, stand_back)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group: the worker ends this one
    hush(_Dropped)
    import_module("comity.app.answer")  # not inside a request: an import that is cut off leaves other errors behind
    _write({"number": READY})
    first = True
    for line in sys.stdin.buffer:
        request = json.loads(line)
        reply: dict[str, Any] = {"problem": {"message": "dropped"}}
        if not (first and dropped):  # a drop before the first request was read is meant for it
            dropped = False
            try:
                working = True
                reply = answered(request)
                working = False
            except _Dropped:
                pass
            except Exception:
                if not dropped:  # else the library it was raised in has put its own in its place
                    raise
        working = first = False
        _write({**reply, "number": request["number"]})


def _write(reply: dict[str, Any]) -> None:
    text = json.dumps(reply, ensure_ascii=False, separators=(",", ":"))
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # the worker has ended meanwhile
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
