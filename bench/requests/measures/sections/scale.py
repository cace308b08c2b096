"""What the number of sessions does to the cost of a request, to memory, to disk and to httpd's start."""

import contextlib
import dataclasses
import shutil
import statistics

from measures import callgrind
from measures.configurations import numbered
from measures.lean_httpd import PAGE, LeanHttpd
from measures.load import loaded, spread
from measures.plots import Line, plot
from measures.seeding import seeded
from measures.tables import Table, number, ratio

SIZES = (1_000, 100_000, 1_000_000)
NUMBERS = ("4", "6")
# Has no sessions, and is sent the requests of 4: what their number does to client and machine.
CONTROL = "2"
SECONDS = 2
COUNTED = 1000
COUNTED_NUMBER = "4"  # alone, as a large store takes minutes under callgrind
NOTE = ("Each request is that of a session drawn at random; 2 is sent those of 4, and has no use for "
        "their cookies. *unseen*: of a session that nobody has "
        "seen for a minute, so that its last-seen time is to be written; with a million sessions "
        "and this load, most are. Ratios are to the smallest store in the same round: median, "
        "least and most.")


@dataclasses.dataclass(frozen=True)
class Case:
    number: str
    sessions: int
    kind: str = "seen"


def run(bench):
    cases = [Case(each, size) for each in NUMBERS for size in bench.sizes(SIZES)]
    cases += [Case(each, max(bench.sizes(SIZES)), "unseen") for each in NUMBERS]
    controls = [Case(CONTROL, size) for size in bench.sizes(SIZES)]
    with contextlib.ExitStack() as stack:
        stores = {case: _started(stack, bench, case) for case in cases}
        without = _httpd(stack, bench, Case(CONTROL, 0))
        configuration = numbered(CONTROL)
        without.start(configuration.sections(without, bench.world), configuration.modules)
        asked = {case: (without, stores[Case(NUMBERS[0], case.sessions)].path) for case in controls}
        asked |= {case: (store.httpd, store.path) for case, store in stores.items()}
        rounds = [{case: loaded(httpd, PAGE, seconds=SECONDS, sessions=path)
                   for case, (httpd, path) in asked.items()} for _ in range(bench.options.rounds)]
        storage = _storage(stores)
        instructions = {case: callgrind.measure_store(store, COUNTED)
                        for case, store in stores.items()
                        if case.number == COUNTED_NUMBER and case.kind == "seen"}
    _plot(bench, instructions)
    return [_requests(controls + cases, rounds, instructions), storage]


def _httpd(stack, bench, case):
    httpd = LeanHttpd(bench.scratch / f"httpd-{case.number}-{case.sessions}-{case.kind}")
    stack.callback(shutil.rmtree, httpd.scratch)
    stack.callback(httpd.stop)
    return httpd


def _started(stack, bench, case):
    configuration = numbered(case.number)
    httpd = _httpd(stack, bench, case)
    return seeded(httpd, configuration.sections(httpd, bench.world), configuration.modules,
                  **{case.kind: case.sessions})


def _requests(cases, rounds, instructions):
    table = Table(f"A request, by the number of sessions: {len(rounds)} rounds of {SECONDS} s, "
                  "8 connections",
                  ["configuration", "sessions", "instructions", "against fewest",
                   "CPU us/request", "against fewest", "requests/s", "median ms", "p99 ms"],
                  note=NOTE)
    for case in cases:
        fewest = Case(case.number, min(each.sessions for each in cases))
        counted = instructions.get(case)
        against = counted and ratio(counted / instructions[fewest])
        mine = [one[case] for one in rounds]
        table.add(
            numbered(case.number).label + ", unseen" * (case.kind == "unseen"),
            number(case.sessions), counted and number(counted), against,
            number(statistics.median(each.cpu_us for each in mine), 1),
            spread([one[case].cpu_us / one[fewest].cpu_us for one in rounds]),
            number(statistics.median(each.rate for each in mine)),
            number(statistics.median(each.median_ms for each in mine), 2),
            number(statistics.median(each.p99_ms for each in mine), 2))
    return table


def _storage(stores):
    table = Table("The store", ["sessions", "on disk, bytes a session", "in memory, MB",
                                "start of httpd, s"],
                  note="Each session comes with the root of its lineage, as after a first login. In "
                       "memory is what the children share of the file after these requests.")
    for case, store in stores.items():
        if case == Case(NUMBERS[0], case.sessions):
            table.add(number(case.sessions), number(store.disk_bytes / case.sessions),
                      number(store.mapped_bytes() / 1e6, 1), number(store.start_seconds, 1))
    return table


def _plot(bench, instructions):
    line = Line(numbered(COUNTED_NUMBER).label,
                [(case.sessions, cost / 1000) for case, cost in instructions.items()])
    plot(bench.output / "cost-by-sessions.svg", [line], "live sessions in the store",
         "thousand instructions a request")
