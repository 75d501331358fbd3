"""Bounds of what a request may ask, each with its reason. Beyond them comes a 4xx with a sentence, never a 5xx."""

from __future__ import annotations

BODY_BYTES = 64 * 1024  # the longest gallery scenario has 4 KiB
QUERY_BYTES = 8 * 1024  # of a state; 40 added measures with every key need about 6 KiB
MEASURES = 40  # of one scenario
WORDS = 400  # country and sector words of one scenario, all lists together
PARTIES = 40  # words in `p`, and in a list of importers or exporters of a state
CELLS = 400_000  # flows of one scenario, all measures together: compiling takes about a microsecond each
CENTRAL_SECONDS = 10.0  # one central solve; a usual one needs 0.02 s
STEP_SECONDS = 0.06  # of processor time; a step that needs more goes on in the process aside, and no other waits for it
STEP_TIMES = 3.0  # the same as a multiple of the first scenario's step, where that is more: on a slow machine
SLOW_SECONDS = 3.0  # a range that takes longer shares the queue of the bands
SLOW_FOR = 60.0  # seconds for which a scenario is remembered as slow
RANGE_SECONDS = 20.0  # of processor time, for all combinations; a usual one needs 0.2 s, the hardest found 29
BAND_SECONDS = 40.0  # the same with 200 joint draws on every count; a usual one needs 2.5 s
HELD_UP = 6.0  # times as many seconds may pass where other programs hold the processors
HUNGRY_SECONDS, HUNGRY_SHARE = 20.0, 0.1  # a range or band that got less than this share of a processor for so long is
# asked again of a process that gives way less
DRAWS = 400  # joint draws on each count that one request may ask for
REPORT_SECONDS = 60.0  # of processor time, for a full report with all its drawings; a usual one needs 6 s. Three times
# as many may pass
CROWDED = 2  # steps that wait in one worker; from then on it closes connections, and a freer worker takes the next one
WAITING = 200  # requests that wait in one lane of one worker; beyond it comes 429
SLOW = 200  # scenarios remembered as slow
CACHED = 512  # answers kept in one worker, about 60 KiB each
CACHED_FILES = 32  # reports and figures kept, up to 1 MiB each
