"""A browser's requests that wait on the same thing."""

import concurrent.futures
import contextlib


def all_at_once(httpd, count, target, headers, meanwhile=None):
    """The answers. Every request is sent, on a connection of its own, before the first answer is
    read; then `meanwhile` is called. Each connection is closed as soon as its answer is there: in
    prefork, a child lingers until its client has closed."""
    connections = [httpd.connection() for _ in range(count)]
    for connection in connections:
        connection.send("GET", target, headers)

    def receive(connection):
        with connection:
            return connection.receive()

    with concurrent.futures.ThreadPoolExecutor(count) as threads:
        answers = [threads.submit(receive, connection) for connection in connections]
        if meanwhile is not None:
            meanwhile()
        return [answer.result() for answer in answers]


def have_workers(httpd, count):
    """Returns when this many requests can be served at the same time. In prefork httpd has to start
    children for that, which takes it seconds."""
    with contextlib.ExitStack() as idle:
        for _ in range(count):
            # Kept alive, it occupies its worker in prefork.
            idle.enter_context(httpd.connection()).request("OPTIONS", "*")
