"""Instructions of a request in user space, every configuration."""

from measures import callgrind
from measures.call_profile import ALLOCATORS
from measures.configurations import BASELINE, configurations, numbered
from measures.tables import Table, number, ratio

NOTE = ("callgrind's processor has no SHA instructions. On one that has, the truth lies between the two "
        "ratios: *SHA-256* is what *instructions* contain of its block function.")
SMALLEST_SHARE = 0.005  # of a request, for a function to be worth a line
MODULE = "mod_auth_epoch.so"
NAME_CHARACTERS = 100


def run(bench):
    costs = {each: callgrind.measure(each, bench.world, bench.scratch / "httpd",
                                     bench.options.requests, bench.keep)
             for each in configurations()}
    against = next(cost.instructions for each, cost in costs.items() if each.name == BASELINE)
    table = Table("Instructions a request",
                  ["configuration", "instructions", "against 2", "SHA-256", "without it, against 2",
                   "N"], note=NOTE)
    for each, cost in costs.items():
        plain = cost.instructions - cost.sha256
        table.add(each.label, number(cost.instructions),
                  ratio(cost.instructions / against), number(cost.sha256) if cost.sha256 else None,
                  ratio(plain / against), bench.options.requests or each.requests)
    return [table]


def profile(bench, name):
    """Where the module's instructions go: its own functions, and what it calls elsewhere."""
    configuration = numbered(name)
    cost = callgrind.measure(configuration, bench.world, bench.scratch / "httpd",
                             bench.options.requests, bench.keep)
    with_callees = Table(f"Functions of the module in {configuration.label}",
                         ["function", "with what it calls", "share", "itself", "calls"])
    called = _incoming(cost)
    for function, total in cost.inclusive.most_common():
        if function[0] == MODULE and total > SMALLEST_SHARE * cost.instructions:
            with_callees.add(_shortened(function[1]), number(total),
                             ratio(total / cost.instructions), number(cost.own[function]),
                             number(called[function], 1))
    return [with_callees, _borders(cost), _allocations(cost)]


def _borders(cost):
    """What the module calls in other libraries."""
    table = Table("What the module calls elsewhere", ["function", "instructions", "calls"])
    outside = {}
    for (caller, callee), spent in cost.below.items():
        if caller[0] == MODULE and callee[0] != MODULE:
            total, calls = outside.get(callee, (0, 0))
            outside[callee] = (total + spent, calls + cost.calls[caller, callee])
    for (library, function), (spent, calls) in sorted(outside.items(), key=lambda each: -each[1][0]):
        if spent > SMALLEST_SHARE * cost.instructions:
            table.add(f"`{function}` in {library}", number(spent), number(calls, 1))
    return table


def _allocations(cost):
    table = Table("Who allocates", ["function", "allocations"])
    asked = {}
    for (caller, callee), calls in cost.calls.items():
        if caller[0] == MODULE and callee[1].startswith(("operator new", *ALLOCATORS)):
            asked[caller[1]] = asked.get(caller[1], 0) + calls
    for function, calls in sorted(asked.items(), key=lambda each: -each[1]):
        table.add(_shortened(function), number(calls, 2))
    return table


def _incoming(cost):
    called = {}
    for (_, callee), calls in cost.calls.items():
        called[callee] = called.get(callee, 0) + calls
    return called


def _shortened(name):
    """A C++ name that fits a line."""
    for words in ("epoch::", "std::", "(anonymous namespace)::", "const&", " const"):
        name = name.replace(words, "&" if words == "const&" else "")
    return f"`{name if len(name) <= NAME_CHARACTERS else name[:NAME_CHARACTERS - 1] + '…'}`"
