"""A real OpenLDAP server in a scratch directory."""

import base64
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
from urllib.parse import quote

from harness import people
from harness.ldap_log import LdapLog
from harness.processes import (end, free_port, give_to_unprivileged, unprivileged,
                               wait_until_listening)

SUFFIX = "dc=example,dc=org"
PEOPLE = f"ou=people,{SUFFIX}"
ADMIN = f"cn=admin,{SUFFIX}"
ADMIN_PASSWORD = "administrates-4b7e"
# May read everything but passwords; for AuthLDAPBindDN.
READER = f"cn=reader,{SUFFIX}"
READER_PASSWORD = "reads-everything-6a21"
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/openldap"
LOCKED_FOR_GOOD = "000001010000Z"
LONG_AGO = "20200101000000Z"
FAILURES_TO_LOCK = 5  # with the policy "default"

CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
{modules}
pidfile {scratch}/slapd.pid
argsfile {scratch}/slapd.args
{tls}
database mdb
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {scratch}/data
maxsize 104857600
dbnosync
index uid eq
{overlays}
access to attrs=userPassword by self =xw by anonymous auth by * none
access to * by * read
"""

TLS = """\
TLSCACertificateFile {tls.ca}
TLSCertificateFile {tls.certificate}
TLSCertificateKeyFile {tls.key}
"""

OVERLAYS = {
    "syncprov": "overlay syncprov\nsyncprov-checkpoint 1 1\nsyncprov-sessionlog 100\n"
                "index entryUUID,entryCSN eq\n",
    "ppolicy": "overlay ppolicy\nppolicy_default cn=default,ou=policies,{suffix}\n",
}

# Of the overlay ppolicy, and to be set with the overlay alone.
POLICIES = {
    "default": f"pwdLockout: TRUE\npwdMaxFailure: {FAILURES_TO_LOCK}\n",
    "strict": "pwdLockout: TRUE\npwdMaxAge: 86400\npwdMustChange: TRUE\n",
}


class Slapd:
    """`overlays` are names in OVERLAYS; with `tls` it has LDAPS and StartTLS; with `stats` it keeps
    `log`. `content` is LDIF instead of the people of harness/people.py."""

    def __init__(self, scratch, suffix=SUFFIX, overlays=(), tls=None, stats=False, content=None):
        self.scratch = pathlib.Path(scratch)
        self.suffix = suffix
        self.port = free_port()
        self.tls_port = free_port()
        self._tls = tls
        self._stats = stats
        self._program = shutil.which("slapd", path=SYSTEM_PATH)
        self._process = None
        self._changed = {}
        self._moved = {}  # DNs that dn_of() does not know, by user
        (self.scratch / "data").mkdir(parents=True)
        (self.scratch / "slapd.conf").write_text(CONFIGURATION.format(
            scratch=self.scratch, suffix=suffix, admin=self.admin, password=ADMIN_PASSWORD,
            modules="".join(f"moduleload {each}\n" for each in overlays),
            tls=TLS.format(tls=tls) if tls else "",
            overlays="".join(OVERLAYS[each].format(suffix=suffix) for each in overlays)))
        self._output.touch()
        self._load(_content(suffix, overlays) if content is None else content)

    # ---- where it is

    @property
    def uri(self):
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def url(self):
        """For AuthLDAPURL: everybody, by uid."""
        return self.url_of()

    def url_of(self, attributes="uid", search_filter="", port=None, scheme="ldap"):
        """For AuthLDAPURL. The first attribute is the one that names the user; the others become
        AUTHENTICATE_*."""
        port = port or (self.tls_port if scheme == "ldaps" else self.port)
        return (f"{scheme}://127.0.0.1:{port}/{self.people}?{attributes}"
                + (f"?sub?{search_filter}" if search_filter else ""))

    @property
    def people(self):
        return f"ou=people,{self.suffix}"

    @property
    def staff(self):
        """The DN of the group of people.STAFF."""
        return f"cn=staff,ou=groups,{self.suffix}"

    @property
    def admin(self):
        return f"cn=admin,{self.suffix}"

    def dn(self, person):
        """Where the person's entry is by now; a DN stands for itself."""
        if isinstance(person, str):
            return person
        return self._moved.get(person.user) or dn_of(person, self.suffix)

    @property
    def log(self):
        """What it was asked, from now on."""
        assert self._stats, "this slapd was not told to keep a log"
        return LdapLog(self._output).from_now()

    # ---- lifecycle

    def start(self):
        listeners = [self.uri, self._local]
        if self._tls:
            listeners.append(f"ldaps://127.0.0.1:{self.tls_port}")
        with self._output.open("ab") as log:
            self._process = subprocess.Popen(
                unprivileged([self._program, "-d", "stats" if self._stats else "0",
                              "-h", " ".join(listeners), "-f", self.scratch / "slapd.conf"]),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until_listening(self._process, self.port, "slapd", self._output.read_text)

    def stop(self):
        if self._process is not None:
            end(self._process)
            self._process = None

    def kill(self):
        """kill -9."""
        end(self._process, signal.SIGKILL)
        self._process = None

    @contextlib.contextmanager
    def down(self):
        """The directory is away, as long as the block lasts."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def snapshot(self, name="snapshot"):
        """Keeps the data as they are now, for restore_snapshot()."""
        with self.down():
            shutil.copytree(self.scratch / "data", self.scratch / name)

    def restore_snapshot(self, name="snapshot"):
        """Starts it with old data: what happened since then has not happened."""
        with self.down():
            shutil.rmtree(self.scratch / "data")
            shutil.copytree(self.scratch / name, self.scratch / "data")
            give_to_unprivileged(self.scratch)

    def rebuild(self):
        """Loads the same entries anew: other UUIDs, other change numbers."""
        with self.down():
            ldif = self._offline("slapcat").stdout.decode()
            folded = re.sub(r"\n ", "", ldif)
            kept = re.sub(r"(?mi)^(entryUUID|entryCSN|contextCSN):.*\n", "", folded)
            shutil.rmtree(self.scratch / "data")
            (self.scratch / "data").mkdir()
            self._load(kept)

    # ---- passwords and accounts

    def set_password(self, person, password):
        """Changes the password in the directory and returns the person with the new one. The
        fixture gives everybody their old one back when the test is over."""
        self._changed.setdefault(person.user, person)
        self.modify(person, userPassword=password)
        return person.with_password(password)

    def change_password(self, person, password):
        """The person does it, as ldappasswd does (RFC 3062)."""
        self._changed.setdefault(person.user, person)
        self._run("ldappasswd", "-D", self.dn(person), "-w", person.password, "-s", password)
        return person.with_password(password)

    def reset_password(self, person, password):
        """The administrator does it: where the policy says pwdMustChange, it must be changed."""
        self._changed.setdefault(person.user, person)
        self._as_admin("ldappasswd", "-s", password, self.dn(person))
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
        bind = subprocess.run(["ldapwhoami", "-x", "-H", self._local, "-D", self.dn(person),
                               "-y", "/dev/stdin"], input=person.password.encode(),
                              capture_output=True, check=False)
        return bind.returncode == 0

    def lock(self, person):
        """As ppolicy does after too many failures, for good."""
        self.modify(person, pwdAccountLockedTime=LOCKED_FOR_GOOD)

    def unlock(self, person):
        self.modify(person, pwdAccountLockedTime=None)

    def apply_policy(self, person, policy):
        self.modify(person, pwdPolicySubentry=f"cn={policy},ou=policies,{self.suffix}")

    def expire_password(self, person):
        """It was set long ago, and the policy gives it a day."""
        self.apply_policy(person, "strict")
        self.modify(person, relax=True, pwdChangedTime=LONG_AGO)

    # ---- entries

    def modify(self, person, relax=False, **attributes):
        """Replaces attributes; None removes one, a list gives it several values."""
        self._change(f"dn: {self.dn(person)}\nchangetype: modify\n" + _replacements(attributes),
                     relax)

    def modify_all(self, everybody, **attributes):
        """In one burst."""
        self._change("\n".join(f"dn: {self.dn(person)}\nchangetype: modify\n"
                               + _replacements(attributes) for person in everybody))

    def add(self, person, **attributes):
        self.add_all([person], **attributes)

    def add_all(self, everybody, **attributes):
        ldif = []
        for person in everybody:
            self._moved[person.user] = f"cn=added-{len(self._moved)},{self.people}"
            ldif.append(entry_of(person, self._moved[person.user], attributes))
        self.add_entries("\n".join(ldif))

    def add_entries(self, ldif):
        self._as_admin("ldapadd", text=ldif)

    def delete(self, person):
        self._as_admin("ldapdelete", self.dn(person))

    def rename(self, person, rdn, superior=None):
        """Returns the new DN."""
        old = self.dn(person)
        moving = ["-s", superior] if superior else []
        self._as_admin("ldapmodrdn", *moving, old, rdn)
        self._moved[person.user] = f"{rdn},{superior or old.partition(',')[2]}"
        return self._moved[person.user]

    # ---- internals

    @property
    def _output(self):
        return self.scratch / "slapd.log"

    @property
    def _local(self):
        return f"ldapi://{quote(str(self.scratch / 'ldapi'), safe='')}"

    def _load(self, ldif):
        path = self.scratch / "content.ldif"
        path.write_text(ldif, encoding="utf-8")
        give_to_unprivileged(self.scratch)
        self._offline("slapadd", "-q", "-l", path)

    def _offline(self, tool, *arguments):
        return subprocess.run(unprivileged([shutil.which(tool, path=SYSTEM_PATH), *arguments,
                                            "-f", self.scratch / "slapd.conf"]),
                              check=True, capture_output=True)

    def _change(self, ldif, relax=False):
        self._as_admin("ldapmodify", *(["-e", "relax"] if relax else []), text=ldif)

    def _as_admin(self, tool, *arguments, text=""):
        self._run(tool, "-D", self.admin, "-w", ADMIN_PASSWORD, *arguments, text=text)

    def _run(self, tool, *arguments, text=""):
        done = subprocess.run([tool, "-x", "-H", self._local, *arguments], input=text.encode(),
                              capture_output=True, check=False)
        assert done.returncode == 0, f"{tool}: {done.stderr.decode()}"


def dn_of(person, suffix=SUFFIX):
    # By number, as not every name could stand in a DN unescaped.
    return f"cn=person-{_number_of(person)},ou=people,{suffix}"


def entry_of(person, dn, attributes=None):
    """LDIF of a person."""
    name = dn.partition(",")[0].partition("=")[2]
    ldif = f"dn: {dn}\nobjectClass: inetOrgPerson\ncn: {name}\nsn: {name}\n"
    return ldif + _values({"uid": person.user, "userPassword": person.password,
                           **(attributes or {})})


def _number_of(person):
    return next(i for i, known in enumerate(people.EVERYBODY) if known.user == person.user)


def _base64(text):
    return base64.b64encode(text.encode()).decode()


def _values(attributes):
    return "".join(f"{name}:: {_base64(value)}\n" for name, values in attributes.items()
                   for value in ([values] if isinstance(values, str) else values))


def _replacements(attributes):
    return "".join(f"replace: {name}\n{_values({name: values or []})}-\n"
                   for name, values in attributes.items())


def _content(suffix, overlays):
    name = suffix.partition(",")[0].partition("=")[2]
    entries = [f"dn: {suffix}\nobjectClass: domain\ndc: {name}\n"]
    entries += [f"dn: ou={unit},{suffix}\nobjectClass: organizationalUnit\nou: {unit}\n"
                for unit in ("people", "groups", "elsewhere", "policies")]
    entries.append(f"dn: cn=reader,{suffix}\nobjectClass: applicationProcess\n"
                   f"objectClass: simpleSecurityObject\ncn: reader\n"
                   f"userPassword: {READER_PASSWORD}\n")
    if "ppolicy" in overlays:
        entries += [f"dn: cn={policy},ou=policies,{suffix}\nobjectClass: applicationProcess\n"
                    f"objectClass: pwdPolicy\ncn: {policy}\npwdAttribute: userPassword\n{rules}"
                    for policy, rules in POLICIES.items()]
    for person in people.EVERYBODY:
        number = _number_of(person)
        entries.append(entry_of(person, dn_of(person, suffix), {
            "displayName": f"Person №{number}", "employeeType": "staff",
            "mail": [f"person-{number}@example.org", f"{number}@post.example.org"]}))
    members = "".join(f"member: {dn_of(person, suffix)}\n" for person in people.STAFF)
    entries.append(f"dn: cn=staff,ou=groups,{suffix}\nobjectClass: groupOfNames\ncn: staff\n"
                   + members)
    return "\n".join(entries)


def delete_all(server, everybody):
    """In one burst."""
    server.add_entries("\n".join(f"dn: {server.dn(person)}\nchangetype: delete\n"
                                 for person in everybody))


def reconfigure(server, old, new):
    """Starts a Slapd with this text of its slapd.conf replaced by the other."""
    path = server.scratch / "slapd.conf"
    configuration = path.read_text()
    assert old in configuration, f"slapd.conf does not contain {old!r}"
    with server.down():
        path.write_text(configuration.replace(old, new))
