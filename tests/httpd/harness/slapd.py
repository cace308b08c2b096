"""A real OpenLDAP server in a scratch directory."""

import base64
import contextlib
import os
import pathlib
import shutil
import subprocess

from harness import people
from harness.processes import (end, free_port, give_to_unprivileged, unprivileged,
                               wait_until_listening)

SUFFIX = "dc=example,dc=org"
PEOPLE = f"ou=people,{SUFFIX}"
ADMIN = f"cn=admin,{SUFFIX}"
ADMIN_PASSWORD = "administrator"
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/openldap"

CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {scratch}/slapd.pid
argsfile {scratch}/slapd.args
database mdb
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {scratch}/data
maxsize 10485760
dbnosync
index uid eq
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""


class Slapd:
    def __init__(self, scratch):
        self.scratch = pathlib.Path(scratch)
        self.port = free_port()
        self._program = shutil.which("slapd", path=SYSTEM_PATH)
        self._process = None
        self._changed = {}
        (self.scratch / "data").mkdir(parents=True)
        (self.scratch / "slapd.conf").write_text(CONFIGURATION.format(
            scratch=self.scratch, suffix=SUFFIX, admin=ADMIN, password=ADMIN_PASSWORD))
        (self.scratch / "content.ldif").write_text(_content(), encoding="utf-8")
        give_to_unprivileged(self.scratch)
        subprocess.run(unprivileged([shutil.which("slapadd", path=SYSTEM_PATH), "-q",
                                     "-f", self.scratch / "slapd.conf",
                                     "-l", self.scratch / "content.ldif"]),
                       check=True, capture_output=True)

    @property
    def uri(self):
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def url(self):
        """For AuthLDAPURL: everybody, by uid."""
        return f"{self.uri}/{PEOPLE}?uid"

    def start(self):
        output = self.scratch / "slapd.log"
        with output.open("ab") as log:
            self._process = subprocess.Popen(
                unprivileged([self._program, "-d", "0", "-h", self.uri,
                              "-f", self.scratch / "slapd.conf"]),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until_listening(self._process, self.port, "slapd", output.read_text)

    def stop(self):
        if self._process is not None:
            end(self._process)
            self._process = None

    @contextlib.contextmanager
    def down(self):
        """The directory is away, as long as the block lasts."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def set_password(self, person, password):
        """Changes the password in the directory and returns the person with the new one. The
        fixture gives everybody their old one back when the test is over."""
        self._changed.setdefault(person.user, person)
        self._modify(f"dn: {dn_of(person)}\nchangetype: modify\nreplace: userPassword\n"
                     f"userPassword:: {_base64(password)}\n")
        return person.with_password(password)

    def restore(self):
        if self._process is None:
            self.start()
        for person in list(self._changed.values()):
            self.set_password(person, next(known.password for known in people.EVERYBODY
                                           if known.user == person.user))
        self._changed.clear()

    def accepts(self, person):
        """Whether the directory itself takes this password."""
        bind = subprocess.run(["ldapwhoami", "-x", "-H", self.uri, "-D", dn_of(person),
                               "-y", "/dev/stdin"], input=person.password.encode(),
                              capture_output=True, check=False)
        return bind.returncode == 0

    def _modify(self, ldif):
        subprocess.run(["ldapmodify", "-x", "-H", self.uri, "-D", ADMIN, "-w", ADMIN_PASSWORD],
                       input=ldif.encode(), check=True, capture_output=True)


def dn_of(person):
    # By number, as not every name could stand in a DN unescaped.
    number = next(i for i, known in enumerate(people.EVERYBODY) if known.user == person.user)
    return f"cn=person-{number},{PEOPLE}"


def _base64(text):
    return base64.b64encode(text.encode()).decode()


def _content():
    entries = [f"dn: {SUFFIX}\nobjectClass: domain\ndc: example\n",
               f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n",
               f"dn: ou=groups,{SUFFIX}\nobjectClass: organizationalUnit\nou: groups\n"]
    for number, person in enumerate(people.EVERYBODY):
        entries.append(f"dn: {dn_of(person)}\nobjectClass: inetOrgPerson\ncn: person-{number}\n"
                       f"sn: {number}\nuid:: {_base64(person.user)}\n"
                       f"userPassword:: {_base64(person.password)}\n")
    members = "".join(f"member: {dn_of(person)}\n" for person in people.STAFF)
    entries.append(f"dn: cn=staff,ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: staff\n"
                   + members)
    return "\n".join(entries)
