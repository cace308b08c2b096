"""What stands in LMDB's lock file (format 0.9 of a 64-bit Linux): who holds the writer's lock, and
whose the slots of readers are."""

import pathlib
import struct

MAGIC = 0xBEEFC0DE
READERS_AT = 56  # how many slots have ever been used; those behind have not
WRITER_AT = 64  # the mutex, whose first word is the owner's thread id, and two flags
THREAD_ID = 0x3FFFFFFF
SLOTS_AT = 128
SLOT = struct.Struct("<QI")  # a transaction and a process, on a cache line of its own
SLOT_BYTES = 64
AT_REST = 2**64 - 1


class LockFile:
    def __init__(self, store):
        self._path = pathlib.Path(store) / "lock.mdb"

    def slots_used(self):
        """How many slots there were at the most, at any time since the file was begun."""
        return self._word(READERS_AT)

    def reading_processes(self):
        """The process of each slot that is taken."""
        return [pid for _, pid in self._slots()]

    def readers_at_work(self):
        """How many transactions are reading. Others are kept, to be begun again."""
        return sum(transaction != AT_REST for transaction, _ in self._slots())

    def writing_process(self):
        """Who holds the writer's lock; None where nobody does."""
        thread = self._word(WRITER_AT) & THREAD_ID
        try:
            status = pathlib.Path(f"/proc/{thread}/status").read_text()
        except OSError:
            return None
        return int(status.partition("Tgid:")[2].split()[0])

    def _slots(self):
        content = self._path.read_bytes()
        slots = (SLOT.unpack_from(content, SLOTS_AT + number * SLOT_BYTES)
                 for number in range(self.slots_used()))
        return [slot for slot in slots if slot[1] != 0]

    def _word(self, at):
        with self._path.open("rb") as file:
            head = file.read(SLOTS_AT)
        assert struct.unpack_from("<I", head)[0] == MAGIC
        return struct.unpack_from("<I", head, at)[0]
