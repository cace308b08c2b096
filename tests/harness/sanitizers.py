"""httpd with a sanitizer: EPOCH_SANITIZE=address or thread says which the module was built with, and
EPOCH_SANITIZE_ALL=1 that the thread sanitizer shall look at httpd's own code, too.

Debian's httpd and libraries are not instrumented, so the sanitizer's runtime is preloaded, and
libstdc++ with it, because its `throw` is looked up when the runtime starts. httpd exits with status
0 when a child has died: what counts are the files that the runtime writes."""

import functools
import os
import pathlib
import re
import subprocess

KIND = os.environ.get("EPOCH_SANITIZE", "")
ALL = os.environ.get("EPOCH_SANITIZE_ALL", "") == "1"
RUNTIMES = {"": [], "address": ["libasan.so", "libubsan.so"], "thread": ["libtsan.so"]}
# What our own programs need in their environment where something is preloaded into them.
VARIABLES = {"ASAN_OPTIONS": "verify_asan_link_order=0"} if KIND == "address" else {}
# A pool's memory is mapped by APR, where the leak detector does not look: what lives in a pool, or
# hangs on what does, looks lost. That is what was made before the first request and what mod_ldap,
# mod_ssl and Subversion keep from request to request. What is made for a request is gone at its end, together
# with its pool, or has leaked. The last one is what libcrypto keeps for a thread.
KEPT_IN_POOLS = ["ap_read_config", "ap_process_config_tree", "ap_fixup_virtual_hosts",
                 "ap_run_pre_config", "ap_run_check_config", "ap_run_post_config",
                 "ap_run_child_init", "mod_ldap.so", "mod_ssl.so", "libsvn_",
                 "apr_allocator_create", "ERR_set_mark"]
# httpd does not join the threads of its watchdog.
SUPPRESSIONS = {"address": "".join(f"leak:{each}\n" for each in KEPT_IN_POOLS),
                "thread": "thread:apache2\n"}
# Looking for leaks, and doing everything many times slower, takes a child longer than httpd waits;
# dozens of children take longer than it has patience, or stand in the way of those that follow. What
# event says of a connection that it closes while it ends (see Httpd.stop) is likelier, too.
SLOW_END = (r"AH0004[56]: child process \d+ still did not exit|AH03490: scoreboard is full|"
            r"AH03092: process_lingering_close: apr_pollset_add failure"
            if KIND else r"(?!)")
KEEP_ALIVE_SECONDS = 30 if KIND else 5
# Of what httpd does with its own memory and locks, only these are ours to look into.
OUR_KINDS = re.compile(r"lock-order-inversion|heap-use-after-free")


def wrapped(command, scratch, variables=None):
    """The command, as it is run with these environment variables and the sanitizer; with neither,
    the command."""
    variables = dict(variables or {})
    if KIND:
        # libfaketime, and whoever else answers for the system, must be there when the runtime starts.
        variables["LD_PRELOAD"] = " ".join([str(variables.get("LD_PRELOAD", "")),
                                            *map(_library, RUNTIMES[KIND]),
                                            _library("libstdc++.so.6")]).strip()
    environment = [f"{name}={value}" for name, value in variables.items()]
    if not KIND:
        return ["env", *environment, *command] if environment else command
    suppressions = pathlib.Path(scratch, "conf", "suppressions")
    suppressions.write_text(SUPPRESSIONS[KIND])
    suppress = f"suppressions={suppressions}:print_suppressions=0"
    log = f"log_path={scratch}/logs/sanitizer"
    if KIND == "address":
        environment += [
            # Libraries are compiled without frame pointers; without them no name below is found.
            # What is kept from being used again is little, as tests look at how processes grow.
            "ASAN_OPTIONS=verify_asan_link_order=0:quarantine_size_mb=8:fast_unwind_on_malloc=0:"
            f"malloc_context_size=60:detect_stack_use_after_return=1:{log}",
            f"LSAN_OPTIONS={suppress}",
            f"UBSAN_OPTIONS=print_stacktrace=1:{log}"]
        return ["env", *environment, *command]
    ignore = 0 if ALL else 1
    environment.append(f"TSAN_OPTIONS=ignore_noninstrumented_modules={ignore}:{suppress}:{log}")
    # Its map of the memory does not allow for all that the kernel may do with addresses.
    return ["setarch", "-R", "env", *environment, *command]


def reports(scratch, tolerated):
    """What the runtime has found wrong, a text each, without leaks of which each matches a pattern that
    is tolerated."""
    found = []
    for path in sorted(pathlib.Path(scratch, "logs").glob("sanitizer.*")):
        text = path.read_text(errors="replace")
        found += [each for each in re.split(r"^={18}$", text, flags=re.M)
                  if _counts(each) and not _is_tolerated(each, tolerated)]
    return found


def _is_tolerated(report, patterns):
    leaks = re.split(r"^(?=(?:Direct|Indirect) leak of)", report, flags=re.M)[1:]
    return bool(leaks) and all(any(re.search(pattern, leak) for pattern in patterns)
                               for leak in leaks)


def _counts(report):
    # Otherwise it is how many there were, or that the leak detector itself has failed.
    if not re.search(r"WARNING|ERROR|runtime error|CHECK failed", report):
        return False
    if KIND != "thread" or not ALL:
        return True
    tops = re.findall(r"^ +#0 .*$", report, flags=re.M)
    return bool(OUR_KINDS.search(report)) or any("/src/" in top and "libsanitizer" not in top
                                                 for top in tops)


@functools.cache
def _library(name):
    found = subprocess.run(["g++", f"-print-file-name={name}"], check=True, capture_output=True,
                           text=True).stdout.strip()
    return os.path.realpath(found)
