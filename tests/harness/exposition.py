"""Prometheus' text exposition format, version 0.0.4, read as strictly as its description is written.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import dataclasses
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
SUFFIXES = {"histogram": {"_bucket", "_sum", "_count"}, "counter": {""}, "gauge": {""}}
ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


@dataclasses.dataclass
class Metric:
    type: str
    help: str
    samples: dict  # (suffix, labels as a sorted tuple of pairs) -> number


def parse(text):
    """The metrics by name. Fails on whatever a scraper might stumble over."""
    assert text.endswith("\n"), "the last line must end, too"
    metrics, name = {}, None
    for line in text[:-1].split("\n"):
        if match := re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line):
            name = match[1]
            assert name not in metrics, f"{name} is there twice"
            metrics[name] = Metric("", match[2], {})
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
            assert match[1] == name and not metrics[name].type, f"TYPE without its HELP: {line}"
            metrics[name].type = match[2]
            assert (match[2] == "counter") == name.endswith("_total"), f"a name says its type: {name}"
        else:
            _add_sample(line, name, metrics)
    for name, metric in metrics.items():
        assert metric.type and metric.samples, f"{name} has no type or no samples"
        if metric.type == "histogram":
            _check_histogram(name, metric)
    return metrics


def _add_sample(line, name, metrics):
    match = SAMPLE.fullmatch(line)
    assert match and name and match[1].startswith(name), f"no sample of {name}: {line}"
    metric, suffix = metrics[name], match[1][len(name):]
    assert suffix in SUFFIXES[metric.type], f"no such series in a {metric.type}: {line}"
    pairs = re.findall(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"', match[2] or "")
    labels = tuple(sorted((each, re.sub(r"\\.", lambda m: ESCAPED[m[0]], value))
                          for each, value in pairs))
    assert len({each for each, _ in labels}) == len(labels), f"a label is there twice: {line}"
    assert (suffix, labels) not in metric.samples, f"a sample is there twice: {line}"
    value = float(match[3])
    assert value >= 0 and (metric.type != "counter" or value.is_integer()), line
    metric.samples[suffix, labels] = value


def _check_histogram(name, metric):
    buckets = [(float(dict(labels)["le"]), value)
               for (suffix, labels), value in metric.samples.items() if suffix == "_bucket"]
    assert buckets == sorted(buckets), f"the buckets of {name} are neither sorted nor cumulative"
    assert buckets[-1][0] == float("inf"), f"{name} has no bucket for everything"
    assert metric.samples["_count", ()] == buckets[-1][1]
    assert ("_sum", ()) in metric.samples
