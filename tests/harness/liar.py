"""A proxy in front of a directory that changes what the directory says.

A lie is a function of a message of the server (RFC 4511): it returns what is sent instead, or None
to cut the connection. What it may say stands below. Of BER as little is read as tells messages
apart.
"""

import contextlib
import os

from harness.proxy import Proxy

SEQUENCE, INTEGER, ENUMERATED, OCTETS, REFERRAL = 0x30, 0x02, 0x0A, 0x04, 0xA3
BIND_RESPONSE, SEARCH_ENTRY, SEARCH_DONE, SEARCH_REFERENCE = 0x61, 0x64, 0x65, 0x73
EXTENDED_RESPONSE, RESPONSE_NAME = 0x78, 0x8A
NOTICE_OF_DISCONNECTION = b"1.3.6.1.4.1.1466.20036"
SUCCESS, SIZE_LIMIT_EXCEEDED, A_REFERRAL, BUSY, UNAVAILABLE = 0, 4, 10, 51, 52


class Liar(Proxy):
    """As long as `lie` is None it says the truth."""

    def __init__(self, target_port):
        self.lie = None
        self.lies = 0  # told so far
        super().__init__(target_port)

    @contextlib.contextmanager
    def lying(self, lie):
        """On the connections that there are, too; all are cut when it is over."""
        self.lie = lie
        try:
            yield
        finally:
            self.lie = None
            self.drop()

    def _changed(self, data, rest):
        """What is sent for more data of the server, and the beginning of a message."""
        rest += data
        told = b""
        while (length := length_of(rest)) is not None:
            message, rest = rest[:length], rest[length:]
            said = message if self.lie is None else self.lie(Message(message))
            self.lies += said != message
            if said is None:
                return None, b""
            told += said
        return told, rest


class Message:
    def __init__(self, data):
        self.data = data
        body = content_of(data)
        number, operation = content_of(body), body[encoded_length(body):]
        self.id = int.from_bytes(number, "big")
        self.kind = operation[0]


def content_of(element):
    long_form = element[1] & 0x7F if element[1] & 0x80 else 0
    return element[2 + long_form:encoded_length(element)]


def encoded_length(element):
    """Of the element that begins here; None where it does not say so yet."""
    if len(element) < 2:
        return None
    if element[1] < 0x80:
        return 2 + element[1]
    count = element[1] & 0x7F
    if len(element) < 2 + count:
        return None
    return 2 + count + int.from_bytes(element[2:2 + count], "big")


def length_of(data):
    """Of the message that begins here, if it is there as a whole."""
    length = encoded_length(data)
    return length if length is not None and length <= len(data) else None


def element(tag, *contents):
    content = b"".join(contents)
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def message_of(number, operation):
    return element(SEQUENCE, element(INTEGER, number.to_bytes(4, "big")), operation)


def result(kind, code, *more):
    """With neither a DN nor a text."""
    return element(kind, element(ENUMERATED, bytes([code])), element(OCTETS) * 2, *more)


# ---- lies

def answering_searches(code, *more):
    """Nothing is found, for this reason."""
    def lie(message):
        if message.kind == SEARCH_ENTRY:
            return b""
        if message.kind == SEARCH_DONE:
            return message_of(message.id, result(SEARCH_DONE, code, *more))
        return message.data

    return lie


def answering_binds(code, *more):
    def lie(message):
        if message.kind == BIND_RESPONSE:
            return message_of(message.id, result(BIND_RESPONSE, code, *more))
        return message.data

    return lie


def referring_to(uri):
    """Who searches shall do so elsewhere."""
    return answering_searches(A_REFERRAL, element(REFERRAL, element(OCTETS, uri.encode())))


def continuing_at(uri):
    """More is to be found elsewhere."""
    def lie(message):
        if message.kind == SEARCH_DONE:
            reference = element(SEARCH_REFERENCE, element(OCTETS, uri.encode()))
            return message_of(message.id, reference) + message.data
        return message.data

    return lie


def twice(message):
    """Each entry is found twice."""
    return message.data * 2 if message.kind == SEARCH_ENTRY else message.data


def to_another(message):
    """It answers what nobody has asked."""
    return b"" if message.kind == SEARCH_ENTRY else message_of(
        message.id + 1000, message.data[-encoded_length(operation_of(message)):])


def operation_of(message):
    body = content_of(message.data)
    return body[encoded_length(body):]


def garbage(message):
    return element(SEQUENCE, os.urandom(len(message.data)))


def endless(message):
    """It announces two gigabytes."""
    return bytes([SEQUENCE, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]) + message.data


def half(message):
    return message.data[:len(message.data) // 2]


def cut(_):
    return None


def disconnecting(_):
    """It tells that it ends the connection (RFC 4511, section 4.4.1)."""
    return message_of(0, result(EXTENDED_RESPONSE, UNAVAILABLE,
                                element(RESPONSE_NAME, NOTICE_OF_DISCONNECTION)))
