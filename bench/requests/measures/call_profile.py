"""What callgrind writes, read: the instructions of each function, and who called whom how often.

The format is described in valgrind's manual, "Callgrind Format Specification".
"""

import collections
import re

ALLOCATORS = {"malloc", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc"}
_NAME = re.compile(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?")
_COST = re.compile(r"[+*\-\d]\S* (\d+)")
# Debian's libcrypto has no names for what is not exported, so callgrind gives an address.
_UNNAMED = re.compile(r"0x[0-9a-f]+")
_SHA = re.compile(r"SHA256_\w+")


class CallProfile:
    """Functions are (object, name), objects by file name."""

    def __init__(self):
        self.own = collections.Counter()    # instructions by function, without those it calls
        self.below = collections.Counter()  # instructions by (caller, callee)
        self.calls = collections.Counter()  # by (caller, callee)

    @staticmethod
    def read(path):
        profile = CallProfile()
        with path.open() as lines:
            profile._read(lines)
        return profile

    def less(self, other, requests):
        """What this one has more than the other, by request."""
        difference = CallProfile()
        for name in ("own", "below", "calls"):
            mine, theirs = getattr(self, name), getattr(other, name)
            values = {key: (mine[key] - theirs[key]) / requests for key in mine.keys() | theirs}
            getattr(difference, name).update({key: value for key, value in values.items() if value})
        return difference

    @property
    def instructions(self):
        return sum(self.own.values())

    @property
    def inclusive(self):
        """Instructions by function, with all that it calls."""
        total = collections.Counter(self.own)
        for (caller, callee), cost in self.below.items():
            if caller != callee:
                total[caller] += cost
        return total

    @property
    def sha256(self):
        """Instructions in SHA-256's block function, which a processor may have instructions for."""
        return sum(cost for ((_, caller), (_, callee)), cost in self.below.items()
                   if _SHA.fullmatch(caller) and _is_block_function(callee))

    @property
    def allocations(self):
        """Calls of malloc() and its kin, by the object that calls."""
        found = collections.Counter()
        for (caller, callee), calls in self.calls.items():
            if callee[1] in ALLOCATORS and caller[1] not in ALLOCATORS:
                found[caller[0]] += calls
        return found

    def _read(self, lines):
        names = {"ob": {}, "fn": {}}
        current = {"ob": "", "fn": ""}
        called = {}
        calls = 0
        for line in lines:
            if match := _NAME.match(line):
                of_callee, kind, number, text = match.groups()
                if text is not None:
                    names[kind][number] = text.rpartition("/")[2] if kind == "ob" else text
                (called if of_callee else current)[kind] = names[kind][number]
            elif line.startswith("calls="):
                calls = int(line[6:].split()[0])
            elif match := _COST.match(line):
                here = (current["ob"], current["fn"])
                if called:
                    edge = (here, (called.get("ob", current["ob"]), called["fn"]))
                    self.below[edge] += int(match[1])
                    self.calls[edge] += calls
                    called = {}
                else:
                    self.own[here] += int(match[1])


def _is_block_function(name):
    return name.startswith("sha256_block_data_order") or bool(_UNNAMED.fullmatch(name))
