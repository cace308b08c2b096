"""Who is in the directory. Their passwords stand nowhere else, so that one that leaks is seen (see
leaks.py)."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Person:
    user: str
    password: str

    def with_password(self, password):
        return dataclasses.replace(self, password=password)

    @property
    def mistyped(self):
        """With a password that is nobody's."""
        return self.with_password("mistyped-5f0c")


ALICE = Person("alice", "wonderland")
BOB = Person("bob", "riverboats")
CAROL = Person("carol", "christmas")
DORA = Person("dora", "explorer")  # is not there until a test adds her

SPACED = Person("dora may", "pass word with  spaces")
UTF8 = Person("zoë", "pässwörd €")
COLON = Person("colin", "a:b::c:")
LONG_PASSWORD = Person("lester", "long-" * 205)
LONG_NAME = Person("n" * 1024, "of many letters")
FILTER_CHARACTERS = Person("we(ir*d)\\", "(*)\\&|!")

# Names and passwords that trip what handles them carelessly.
ODD = [SPACED, UTF8, COLON, LONG_PASSWORD, LONG_NAME, FILTER_CHARACTERS]
EVERYBODY = [ALICE, BOB, CAROL, *ODD]
KNOWN = [*EVERYBODY, DORA]
STAFF = [ALICE, BOB]  # the group cn=staff


def crowd_of(count):
    """People who are not there until a test adds them."""
    return [Person(f"one-of-many-{number}", "one for all of them") for number in range(count)]
