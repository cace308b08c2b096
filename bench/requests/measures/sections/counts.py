"""What a request asks of the kernel and of the heap beyond what stock httpd does."""

import collections

from measures import callgrind, system_calls
from measures.configurations import numbered
from measures.tables import Table, number

AGAINST = {"4": "2", "6": "2", "5": "3", "6g": "3"}
OURS = {"mod_auth_epoch.so": "mod_auth_epoch", "libstdc++.so": "mod_auth_epoch",
        "libcrypto.so": "libcrypto", "liblmdb.so": "LMDB"}
REQUESTS = 300
RARE = 0.01  # once in a hundred requests: a timer's


def run(bench):
    wanted = dict.fromkeys([*AGAINST, *AGAINST.values()])
    calls = {each: system_calls.measure(numbered(each), bench.world, bench.scratch / "httpd")
             for each in wanted}
    heap = {each: callgrind.measure(numbered(each), bench.world, bench.scratch / "httpd", REQUESTS)
            for each in wanted}
    return [_system_calls(calls), _allocations(heap)]


def _system_calls(calls):
    table = Table("System calls a request", ["configuration", "in all", "against", "more", "of them"])
    for each in sorted(calls):
        against = AGAINST.get(each)
        mine = calls[each]
        more = {name: mine[name] - calls[against][name] for name in mine.keys() | calls[against]} \
            if against else {}
        named = ", ".join(f"{name} {count:+.2f}" for name, count in sorted(more.items())
                          if abs(count) > RARE)
        table.add(numbered(each).label, number(mine.total(), 2), against,
                  f"{sum(more.values()):+.2f}" if against else None, named)
    return table


def _allocations(heap):
    owners = list(dict.fromkeys(OURS.values()))
    table = Table("Heap allocations a request, by who asks for them",
                  ["configuration", *owners, "others"],
                  note="operator new is counted for mod_auth_epoch: nothing else here is in C++.")
    for each in sorted(heap):
        counted = collections.Counter()
        for library, calls in heap[each].allocations.items():
            counted[next((owner for name, owner in OURS.items() if library.startswith(name)),
                         "others")] += calls
        table.add(numbered(each).label,
                  *(number(counted[owner], 2) for owner in [*owners, "others"]))
    return table
