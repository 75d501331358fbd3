"""The engine of `chunk.solve_chunk` whose passes and residuals are compiled (extra `fast`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.changes import occurring
from comity.equilibrium.chunk import PASSES, ChunkAnswers, Engine
from comity.equilibrium.compiled import Answer, Changed, Economy, Limits, Room, Rules, look
from comity.equilibrium.compiled_anderson import History, advance
from comity.equilibrium.compiled_residual import residuals as judged
from comity.equilibrium.compiled_store import close_up, store
from comity.equilibrium.iteration import INCOME_FLOOR, LARGEST_FALL, LARGEST_MOVE, LARGEST_STEP
from comity.equilibrium.members import Members
from comity.equilibrium.prepared import Prepared
from comity.equilibrium.responses import OTHERS, Responses, heard
from comity.equilibrium.space import Space
from comity.equilibrium.together import share
from comity.equilibrium.together_anderson import LONGEST, sampled
from comity.kept import KeptFor

Array = NDArray[Any]

WIDTH = 64  # members at a time: what a pass holds stays in the processor's cache
SPARSE = 0.25  # share of changed cells times members that do change, below which each is an entry of its own
ROUGH_ERROR, NEAR = 1e-6, 0.1  # error that this share of members has at the end of rough passes: nearer, they mislead
ROUGH_PASSES = 15
MEMORY = 3  # differences that the acceleration keeps
NARROW = 0.5  # share of columns to which the arrays are cut when no more are needed
STEP, LEAST = 16, 8  # columns are multiples of STEP, or LEAST: a loop takes that many numbers at a time

LIMITS = Limits(INCOME_FLOOR, LARGEST_MOVE, np.float32(LARGEST_STEP), np.float32(LARGEST_FALL))

_economies: KeptFor[Prepared, Economy] = KeptFor()
_answers: KeptFor[Responses, Answer] = KeptFor()
_laid_out: KeptFor[Members, tuple[Changed, Rules]] = KeptFor()


def search(base: Prepared, tolerance: float, space: Space, found: ChunkAnswers) -> None:
    """As NumPy's search, with compiled passes."""
    for place in _alike(found.members):
        _search(base, place, tolerance, space, found)


def _alike(members: Members) -> Iterator[NDArray[np.intp]]:
    """Places of members that share their responses, WIDTH at a time."""
    for number in range(len(members.responses)):
        place = np.flatnonzero(members.response == number)
        for first in range(0, len(place), WIDTH):
            yield place[first : first + WIDTH]


def _search(base: Prepared, place: NDArray[np.intp], tolerance: float, space: Space, found: ChunkAnswers) -> None:
    """Passes for the members at `place` until each is found or lost."""
    members, economy = found.members, economy_of(base)
    answer = answer_of(members.responses[members.response[place[0]]])
    sectors, n = base.home.shape
    state = _begin(found.states, place, sectors, n, space)
    changed, rules = laid_out(members.of(place), base)
    room, history = _room(sectors, n, len(place), space), _history(n, sectors, len(place), space)
    rough, stored = True, np.zeros(len(place), dtype=bool)
    for used in range(1, PASSES + 1):
        look(economy, changed, rules, answer, room, state, rough)
        if rough:
            rough = used < ROUGH_PASSES and float(np.mean(room.largest <= ROUGH_ERROR)) < NEAR
        else:
            done = (room.largest <= tolerance) & ~room.floored & ~found.found[place]
            found.found[place[done]], found.passes[place[done]] = True, used
        ours = found.found[place]
        left = ~ours & np.isfinite(room.largest)
        last = used == PASSES or not left.any()
        narrower = _width(int(left.sum()), len(place))
        # those found stand still, and are read when there is no more to do or fewer go on
        if last or narrower < len(place):
            ready = np.flatnonzero(ours & ~stored)
            if len(ready):
                _store(room, state, ready, place[ready], found)
        if last:
            return
        advance(history, room.step, state, ours)
        if narrower < len(place):
            # a few that stand still fill the rows up
            columns = np.sort(np.argsort(~left, kind="stable")[:narrower])
            stored, place, width = ours[columns], place[columns], len(place)
            state = _closer(state, columns)
            changed, rules = _changed_of(changed, columns, width), _rules_of(rules, columns)
            room = _room(sectors, n, narrower, space)
            history = History(*(_part(values, columns) for values in history))


def _width(count: int, width: int) -> int:
    """Columns that `count` members still searching are given: whole registers of numbers, and fewer than now only where
    moving them costs less than the passes they are spared."""
    wanted = LEAST if count <= LEAST else -(-count // STEP) * STEP
    return wanted if wanted <= NARROW * width else width


def residuals(base: Prepared, space: Space, found: ChunkAnswers) -> Array:
    """(8, S) residuals of the answers, a few members at a time."""
    members, economy, worst = found.members, economy_of(base), []
    for first in range(0, len(members), WIDTH):
        some = slice(first, first + WIDTH)
        changed, rules = laid_out(members.of(np.arange(len(members))[some]), base)
        parts = (np.ascontiguousarray(values[..., some]) for values in vars(found.answers).values())
        worst.append(judged(economy, changed, rules, base.world.value_added_share, *parts))
    ours = np.concatenate(worst, axis=1)
    return np.where(np.isfinite(ours), ours, np.inf)


def _part(values: Any, columns: NDArray[np.intp]) -> Any:
    """Some of the scenarios; places and numbers, which have none, stay."""
    return _closer(values, columns) if isinstance(values, np.ndarray) and values.dtype != np.int64 else values


def _closer(values: Array, columns: NDArray[np.intp]) -> Array:
    """Some of the scenarios, moved together in the same memory."""
    flat, width = values.reshape(-1), values.shape[-1]
    close_up(flat, width, columns)
    return flat[: len(flat) // width * len(columns)].reshape(*values.shape[:-1], len(columns))


def _changed_of(changed: Changed, columns: NDArray[np.intp], width: int) -> Changed:
    """What some of `width` members change."""
    if not len(changed.member):
        whole = changed.border.shape[1] == width
        border, spread = (values[:, columns] if whole else values for values in (changed.border, changed.whole))
        return changed._replace(border=np.ascontiguousarray(border), whole=np.ascontiguousarray(spread))
    column = np.full(width, -1)
    column[columns] = np.arange(len(columns))
    member = column[changed.member]
    kept = np.flatnonzero(member >= 0)
    return Changed(
        first=np.searchsorted(kept, changed.first).astype(np.int64),
        buyer=changed.buyer[kept],
        seller=changed.seller[kept],
        member=member[kept],
        border=changed.border[kept],
        whole=changed.whole[kept],
    )


def _rules_of(rules: Rules, columns: NDArray[np.intp]) -> Rules:
    arrays: Iterable[Any] = rules[1:]
    some = (np.ascontiguousarray(values[..., columns]) if values.size else values for values in arrays)
    return Rules(rules.limits, *some)


def economy_of(base: Prepared) -> Economy:
    """The Economy of a World, laid out on first use and kept as long as its Prepared lives."""
    return _economies.get(base, "economy", lambda: _economy(base))


def _economy(base: Prepared) -> Economy:
    exact, rough = share(base, np.float64), share(base, np.float32)
    return Economy(
        forward=exact.forward,
        backward=np.ascontiguousarray(exact.backward),
        rough_forward=rough.forward,
        rough_backward=np.ascontiguousarray(rough.backward),
        drawn=exact.forward.sum(axis=2),
        abroad=exact.backward.sum(axis=2),
        cost_from=exact.cost_from,
        demand_from=exact.demand_from,
        price_from=rough.price_from,
        spend_from=rough.spend_from,
        home=np.ascontiguousarray(exact.home[:, :, 0]),
        spent=exact.spent,
        value_added=np.ascontiguousarray(exact.value_added[:, 0]),
        moved_by_trade=base.moved_by_trade,
    )


def answer_of(responses: Responses) -> Answer:
    """The Answer of a World's Responses, laid out on first use and kept as long as they live."""
    return _answers.get(responses, "answer", lambda: _answer(responses))


def _answer(responses: Responses) -> Answer:
    """What wages hear and what follows from them, country after country."""
    known = heard(responses)
    n = len(responses.wages)
    sectors = responses.price.shape[0] // n

    def in_order(parts: Array) -> Array:
        """(K, N (1 + 2 J)) of (K, 2 J N): nothing hangs on a wage that others do not say."""
        ordered = np.zeros((len(parts), n, 1 + 2 * sectors), np.float32)
        ordered[:, :, 1:] = parts.reshape(len(parts), 2 * sectors, n).transpose(0, 2, 1)
        return ordered.reshape(len(parts), -1)

    own = np.zeros((n, 1 + 2 * sectors), np.float32)
    own[:, 1:] = known.own.T
    follow = np.ascontiguousarray(in_order(responses.follow.T).T)
    return Answer(known.wages, own.ravel(), in_order(known.others), follow)


def laid_out(members: Members, base: Prepared) -> tuple[Changed, Rules]:
    """Members in the order of memory the compiled passes read; kept as long as they live."""
    return _laid_out.get(members, "laid out", lambda: _lay_out(members, base))


def _lay_out(members: Members, base: Prepared) -> tuple[Changed, Rules]:
    sectors, n = base.home.shape
    width = len(members)
    deficits = members.deficits
    productivity = members.log_productivity
    rules = Rules(
        limits=LIMITS,
        theta=np.ascontiguousarray(np.broadcast_to(members.theta[:, 0, :], (sectors, width))),
        log_productivity=np.zeros((0, 0, 0)) if productivity is None else np.ascontiguousarray(productivity),
        transfer=np.ascontiguousarray(members.transfer),
        given=np.ascontiguousarray(deficits.given),
        scaled=deficits.scaled,
        follows=~np.isnan(deficits.factor[0]),
        factor=np.ascontiguousarray(deficits.factor),
    )
    return _changed(members, sectors, n), rules


def _changed(members: Members, sectors: int, n: int) -> Changed:
    """What members change; entry by entry where few do, a column for each member otherwise."""
    entries, nowhere = members.entries, np.zeros(0, dtype=np.int64)
    if entries is None:
        nothing = np.zeros((0, 1))
        return Changed(np.zeros(sectors + 1, dtype=np.int64), nowhere, nowhere, nowhere, nothing, nothing)
    union = occurring([entries.flat], sectors * n * n)
    if len(entries.flat) < SPARSE * len(union) * len(members):
        order = np.argsort(entries.flat, kind="stable")
        flat, own = entries.flat[order], entries.member[order]
        border, whole = entries.border[order][:, None], entries.whole[order][:, None]
    else:
        # made from these members' entries: the columns that a larger group of members hands on have more rows
        row_of = np.zeros(sectors * n * n, dtype=np.intp)
        row_of[union] = np.arange(len(union))
        row = row_of[entries.flat]
        border, whole = (np.zeros((len(union), len(members))) for _ in range(2))
        border[row, entries.member] = entries.border
        whole[row, entries.member] = entries.whole
        flat, own = union, nowhere
    return Changed(
        first=np.searchsorted(flat, np.arange(sectors + 1) * n * n).astype(np.int64),
        buyer=flat // n % n,
        seller=flat % n,
        member=own,
        border=border,
        whole=whole,
    )


def _begin(states: Array, place: NDArray[np.intp], sectors: int, n: int, space: Space) -> Array:
    """The states that the members at `place` begin at, country after country."""
    state = space.array("compiled state", (len(states), len(place)))
    if states.any():
        state[:] = by_country(states[:, place], sectors, n)
    else:
        state[:] = 0.0
    return state


def by_country(states: Array, sectors: int, n: int) -> Array:
    """(N (1 + 2 J), S), country after country, of states (N + 2 J N, S)."""
    shape = (sectors, n, states.shape[1])
    wage, price, spending = states[:n], states[n : n + sectors * n], states[n + sectors * n :]
    parts = (wage[:, None], price.reshape(shape).transpose(1, 0, 2), spending.reshape(shape).transpose(1, 0, 2))
    return np.concatenate(parts, axis=1).reshape(len(states), -1)


def _store(room: Room, state: Array, columns: NDArray[np.intp], place: NDArray[np.intp], found: ChunkAnswers) -> None:
    a = found.answers
    store(room, state, columns, place, a.wage_price, a.income_output, a.cost, a.spending, a.deficit,
          a.tariff_revenue, found.states)  # fmt: skip


def _room(sectors: int, n: int, width: int, space: Space) -> Room:
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("cost", "price", "spending", "exponent"), (n, sectors, width))
    shapes |= {"output": (n, 1 + sectors, width), "scale": (sectors, n, width), "drawn": (2 * n, width)}
    flat = ("weight", "abroad", "exports", "imports", "revenue", "deficit", "gap", "move")
    shapes |= dict.fromkeys(flat, (n, width))
    rough: dict[str, tuple[int, ...]] = dict.fromkeys(("price_error", "excess"), (n, sectors, width))
    rough |= {"few": (sectors, n, width), "few_drawn": (2 * n, width)}
    rough |= dict.fromkeys(("few_weight", "few_abroad", "rough_move"), (n, width))
    rough |= {"left": (n + min(OTHERS, n), width), "follow": (1 + 2 * sectors, width)}
    rough["step"] = (n * (1 + 2 * sectors), width)
    return Room(
        **{name: space.array(f"compiled {name}", shape) for name, shape in shapes.items()},
        **{name: space.array(f"compiled {name}", shape, np.float32) for name, shape in rough.items()},
        largest=np.zeros(width),
        floored=np.zeros(width, dtype=bool),
    )


def _history(n: int, sectors: int, width: int, space: Space) -> History:
    rows = 1 + 2 * sectors
    places = np.arange(n * rows)
    wages = places % rows == 0
    chosen = np.zeros(n * rows, dtype=bool)
    chosen[sampled(0, n * rows)] = True
    sample = np.flatnonzero(wages | chosen).astype(np.int64)
    return History(
        sample=sample,
        turns=space.array("compiled turns", (MEMORY, len(sample), width), np.float32),
        last_step=space.array("compiled last step", (len(sample), width), np.float32),
        advances=space.array("compiled advances", (MEMORY, n * rows, width), np.float32),
        gram=np.zeros((MEMORY, MEMORY, width)),
        counts=np.array([0, -1], dtype=np.int64),
        longest=LONGEST,
    )


NUMBA = Engine(search, residuals)
