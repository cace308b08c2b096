"""Requests a second and processor time, every configuration, in rounds: whatever else the machine does
strikes all of them."""

import contextlib
import shutil
import statistics

from measures.configurations import BASELINE, configurations, numbered
from measures.lean_httpd import PAGE, LeanHttpd
from measures.load import loaded, spread
from measures.tables import Table, number

SECONDS = 2
OURS = ("4", "5", "6", "6g")
OTHERS = ("7", "8", "9", "10")
NOTE = ("Processor time is user and system of all children of httpd. Client and servers share the "
        "machine's cores. Ratios are to 2 in the same round: median, least and most.")


def run(bench):
    with contextlib.ExitStack() as stack:
        servers = {each: _started(stack, bench, each) for each in configurations()}
        rounds = [_round(servers, turn) for turn in range(bench.options.rounds)]
        for httpd, _ in servers.values():
            httpd.assert_untroubled()
    return [_table(rounds), _times_the_others(rounds)]


def _started(stack, bench, configuration):
    httpd = LeanHttpd(bench.scratch / f"httpd-{configuration.number}")
    stack.callback(shutil.rmtree, httpd.scratch)
    stack.callback(httpd.stop)
    return httpd, configuration.start(httpd, bench.world)


def _round(servers, turn):
    """Each begins once."""
    order = list(servers)
    begin = turn % len(order)
    return {each: loaded(servers[each][0], PAGE, servers[each][1], SECONDS)
            for each in order[begin:] + order[:begin]}


def _table(rounds):
    table = Table(f"Requests a second, and processor time: {len(rounds)} rounds of {SECONDS} s, "
                  "8 connections",
                  ["configuration", "requests/s", "requests/s against 2", "CPU us/request",
                   "CPU against 2"],
                  note=NOTE)
    for each in configurations():
        rates = [one[each].rate for one in rounds]
        times = [one[each].cpu_us for one in rounds]
        against = [next(load for other, load in one.items() if other.name == BASELINE)
                   for one in rounds]
        table.add(each.label, number(statistics.median(rates)),
                  spread([mine / base.rate for mine, base in zip(rates, against)]),
                  number(statistics.median(times), 1),
                  spread([mine / base.cpu_us for mine, base in zip(times, against)]))
    return table


def _times_the_others(rounds):
    table = Table("Requests a second, as a multiple of others'",
                  ["configuration", *(numbered(each).label for each in OTHERS)])
    for mine in OURS:
        table.add(numbered(mine).label,
                  *(spread([one[numbered(mine)].rate / one[numbered(other)].rate
                            for one in rounds]) for other in OTHERS))
    return table
