"""What the number of connections, and that of httpd's processes, does to the cost of a request."""

import contextlib
import shutil
import statistics

from measures.configurations import numbered
from measures.lean_httpd import PAGE, LeanHttpd
from measures.load import loaded, spread
from measures.plots import Line, plot
from measures.tables import Table, number

CONNECTIONS = (1, 8, 64, 256)
PROCESSES = (2, 8)
NUMBERS = ("2", "4", "6")
SECONDS = 2
ROUNDS = 3


def run(bench):
    tables = []
    for processes in PROCESSES:
        with contextlib.ExitStack() as stack:
            servers = {each: _started(stack, bench, each, processes) for each in NUMBERS}
            rounds = [{(each, connections): loaded(httpd, PAGE, headers, SECONDS, connections,
                                               may_close=True)
                       for connections in CONNECTIONS for each, (httpd, headers) in servers.items()}
                      for _ in range(ROUNDS)]
        tables.append(_table(processes, rounds))
        if processes == PROCESSES[0]:
            _plot(bench, rounds)
    return tables


def _started(stack, bench, each, processes):
    httpd = LeanHttpd(bench.scratch / f"httpd-{each}", processes, 2 * max(CONNECTIONS) // processes)
    stack.callback(shutil.rmtree, httpd.scratch)
    stack.callback(httpd.stop)
    return httpd, numbered(each).start(httpd, bench.world)


def _table(processes, rounds):
    closed = sum(load.closed for one in rounds for load in one.values())
    table = Table(f"A request, by the number of connections; {processes} processes, {ROUNDS} rounds "
                  f"of {SECONDS} s",
                  ["configuration", "connections", "CPU us/request", "against 2", "requests/s",
                   "median ms", "p99 ms"],
                  note="Where connections outnumber a process' workers, httpd closes some that are "
                       f"kept alive: {closed} of these requests were sent again.")
    for each in NUMBERS:
        for connections in CONNECTIONS:
            mine = [one[each, connections] for one in rounds]
            table.add(numbered(each).label, connections, number(_cpu(mine), 1),
                      spread([one[each, connections].cpu_us / one["2", connections].cpu_us
                              for one in rounds]),
                      number(statistics.median(load.rate for load in mine)),
                      number(statistics.median(load.median_ms for load in mine), 2),
                      number(statistics.median(load.p99_ms for load in mine), 2))
    return table


def _cpu(loads):
    return statistics.median(load.cpu_us for load in loads)


def _plot(bench, rounds):
    lines = [Line(numbered(each).label,
                  [(connections, _cpu([one[each, connections] for one in rounds]))
                   for connections in CONNECTIONS])
             for each in NUMBERS]
    plot(bench.output / "cost-by-connections.svg", lines, "connections",
         "CPU microseconds a request")
