"""A TCP proxy in front of a server, that can be told to fail in the ways networks do."""

import contextlib
import socket
import threading

from harness.processes import free_port

CHUNK = 16384


class Proxy:
    """Listens on `port` from the moment it is made. Its own threads carry the data; everything else
    may be called from the test's."""

    def __init__(self, target_port):
        self.port = free_port()
        self.accepted = 0  # connections so far
        self._target = ("127.0.0.1", target_port)
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._sockets = set()
        self._threads = []
        self._bytes_to_cut_after = None
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._closing = False
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._closing = True
        self._flowing.set()
        # close() alone does not wake up the thread in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        for thread in self._threads:
            thread.join()

    def drop(self):
        """Cuts every connection; new ones are taken as before."""
        with self._lock:
            cut, self._sockets = self._sockets, set()
        for each in cut:
            _shut(each)

    def drop_after(self, count):
        """Cuts every connection when this many more bytes have come from the server, once."""
        with self._lock:
            self._bytes_to_cut_after = count

    @property
    def has_dropped(self):
        """Whether the cut that was asked for has been made."""
        return self._bytes_to_cut_after is None

    @contextlib.contextmanager
    def stalled(self):
        """Connections stay open and are taken, but nothing comes through."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    def _start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self._closing:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()  # as if nobody listened
                continue
            with self._lock:
                self.accepted += 1
                self._sockets |= {client, server}
            self._start(self._carry, client, server, False)
            self._start(self._carry, server, client, True)
            if self._closing:
                self.drop()

    def _carry(self, source, sink, from_server):
        rest = b""
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._flowing.wait()
                if from_server and self._is_to_be_cut(len(data)):
                    self.drop()
                    break
                if from_server:
                    data, rest = self._changed(data, rest)
                    if data is None:
                        break
                sink.sendall(data)
        _shut(source)
        _shut(sink)
        with self._lock:
            self._sockets -= {source, sink}

    def _changed(self, data, rest):
        """For those who change what the server says; `rest` is what they have kept back."""
        return data, rest

    def _is_to_be_cut(self, count):
        with self._lock:
            if self._bytes_to_cut_after is None:
                return False
            self._bytes_to_cut_after -= count
            if self._bytes_to_cut_after > 0:
                return False
            self._bytes_to_cut_after = None
            return True


def _shut(connection):
    # shutdown() wakes up the thread that reads; the last reference closes.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
