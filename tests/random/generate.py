# SPDX-License-Identifier: Apache-2.0
"""Random legacy databases: rows of every table, regular and irregular, that an export must take.

What an export refuses is added by refused.py, one row to a database.
"""
import values
from tables import TABLES
from values import Texts, blob, integer, json_value, metadata, time, usual_time

# Keys of at most so many bytes, with their partition, fit into PostgreSQL's indexes (KV-MODEL.md, "The table").
LONG_KEY = 2600


class Database:
    """Rows, by table; the rules of branch protection, by repository; the block store's folders, and in which of them the rules
    are; the columns that may be NULL though the schema says no."""

    def __init__(self, rng, encoding="UTF8", invalid=False, settings=True):
        self.rng = rng
        self.encoding = encoding
        self.texts = Texts(rng, encoding, invalid)
        self.settings = settings
        self.rows = {table: [] for table in TABLES}
        self.rules = {}
        self.folders = []
        self.files = {}
        self.columns = []

    def add(self, table, *fields):
        row = dict(zip(TABLES[table], fields, strict=True))
        self.rows[table].append(row)
        return row


def count(rng):
    return rng.choice([0, 1, 1, 2, 3, 5, 8, 8, 20])


def one_of(rng, choices, other, chance=0.9):
    """One of the choices, or sometimes another one."""
    return rng.choice(choices) if choices and rng.random() < chance else other()


def serials(rng):
    """Numbers that differ, at the edges of a serial."""
    numbers = list(range(1, 25)) + [0, -1, 2**31 - 1, -(2**31), 1000000]
    rng.shuffle(numbers)
    return numbers


# auth ----------------------------------------------------------------------------------------------------------------


def statement(rng, texts):
    def text():
        return rng.choice([b'"allow"', b'"deny"', b'"*"', texts.json_string(texts.text())])

    elements = []
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        members = (rng.choice([b'"fs:*"', b'"auth:ReadUser"', text()]) for _ in range(rng.randrange(4)))
        actions = b"null" if rng.random() < 0.1 else b"[" + b",".join(members) + b"]"
        members = [b'"Effect" : ' + text(), b'"Action":' + actions, b'"Resource":' + text()]
        if rng.random() < 0.2:
            members = rng.choice([[b'"effect": ' + text(), b'"ACTION":' + actions, b'"resourcE":' + text()],
                                  [*members, b'"effect":' + text()], [*members, b'"RESOURCE":' + text()],
                                  [*members, b'"Condition": {"IpAddress": {"SourceIp": ["10.0.0.0/8"]}}', b'"": null']])
        rng.shuffle(members)
        elements.append(b"{" + b",".join(members) + b"}")
    return b"[" + b", ".join(elements) + b"]"


def auth(db):
    rng, texts = db.rng, db.texts
    users, groups, policies = [], [], []
    numbers = serials(rng)
    for _ in range(count(rng)):
        users.append(numbers.pop())
        name = texts.unique("user") if rng.random() < 0.95 else texts.long(1200)
        db.add("auth_users", users[-1], time(rng), name, texts.nullable(), rng.choice([b"", b"internal", texts.text()]),
               None if rng.random() < 0.5 else texts.unique("email"), None if rng.random() < 0.5 else blob(rng, texts),
               None if rng.random() < 0.5 else texts.unique("external"))
    numbers = serials(rng)
    for _ in range(count(rng)):
        groups.append(numbers.pop())
        db.add("auth_groups", groups[-1], time(rng), texts.unique("group"))
    numbers = serials(rng)
    for _ in range(count(rng)):
        policies.append(numbers.pop())
        name = texts.unique("policy") if rng.random() < 0.95 else texts.long(1200)
        db.add("auth_policies", policies[-1], time(rng), name, statement(rng, texts))

    for table, left, right in (("auth_user_groups", users, groups), ("auth_user_policies", users, policies),
                               ("auth_group_policies", groups, policies)):
        pairs = {(one_of(rng, left, lambda: 31), one_of(rng, right, lambda: -31)) for _ in range(count(rng))}
        for pair in sorted(pairs):
            db.add(table, *pair)
    for i in range(count(rng)):
        key = f"AKIA{i:016d}".encode() if rng.random() < 0.8 else texts.unique("credential")[:17] + str(i).encode()
        key = key.decode(errors="ignore").encode()
        db.add("auth_credentials", key, blob(rng, texts), time(rng),
               one_of(rng, users, lambda: rng.choice([None, 31])))
    for _ in range(count(rng)):
        # The time of the test is in neither.
        expires = rng.choice(["infinity", "-infinity", values.LAST, values.FIRST, values.seconds(2100) * values.MICRO + 1,
                              values.POSTGRES_LAST, values.POSTGRES_FIRST, usual_time(rng), -1])
        db.add("auth_expired_tokens", texts.unique("token"), expires)
    names = [b"installation_id", b"setup_timestamp", b"postgresql_version", b"postgresql_aurora_version", b"postgresql_setting_",
             b"postgresql_setting_work_mem", b"postgresql_versions", b"Postgresql_version", b"postgresql_setting", b"lakefs_version"]
    for name in rng.sample(names, rng.randrange(len(names) + 1)) + [texts.unique("metadata") for _ in range(rng.randrange(3))]:
        db.add("auth_installation_metadata", name, texts.text())


# graveler ------------------------------------------------------------------------------------------------------------


def namespaces(i):
    """Storage namespaces, and the folder below the block store's root that each of them is, by the rules of Go's URLs."""
    plain = [(f"local://ns{i}", f"ns{i}"), (f"local://ns{i}/", f"ns{i}"), (f"local://ns{i}/a/b", f"ns{i}/a/b"),
             (f"local:///ns{i}/x", f"ns{i}/x"), (f"local://ns{i}/a#b", f"ns{i}/a#b"), (f"local://ns{i}:80/a", f"ns{i}:80/a"),
             (f"local://ns{i}/a+b", f"ns{i}/a+b"), (f"local://ns{i}/é é", f"ns{i}/é é")]
    urls = [(f"local://ns{i}//a/./c/../b//", f"ns{i}/a/b"), (f"local://ns{i}/a%20b%2Fc", f"ns{i}/a b/c"),
            (f"local://ns{i}/a?versions=1", f"ns{i}/a"), (f"local://me@ns{i}/a", f"ns{i}/a"), (f"LOCAL://ns{i}/A", f"ns{i}/A"),
            (f"local://ns{i}/%C3%A9", f"ns{i}/é")]
    return plain + urls


def namespace(db, repository):
    """In a block store of files where rules are read, else anything."""
    rng = db.rng
    if not db.settings:
        return rng.choice([b"s3://bucket/prefix", b"mem://x", b"gs://b", b"", db.texts.text()])
    number = len(db.rows["graveler_repositories"])
    url, folder = rng.choice(namespaces(number))
    db.folders.append(folder)
    if rng.random() < 0.6:
        content = rng.choice([b"", b"\x0a\x09\x0a\x04main\x12\x01\0", b"\x0a\x0a\x0a\x05feat*\x12\x01\x01"])
        db.files[folder] = content
        db.rules[repository] = content
    return url.encode()


def graveler(db):
    rng, texts = db.rng, db.texts
    repositories, branches = [], []
    for _ in range(count(rng)):
        repository = texts.unique("repository", 3)
        repositories.append(repository)
        db.add("graveler_repositories", repository, namespace(db, repository), time(rng), texts.text())

    def gone():
        return texts.unique("repository", 3)

    tokens = [texts.unique("staging token") or b"token" for _ in range(rng.randrange(1, 8))]
    for _ in range(count(rng)):
        token = rng.choice([None, b"", rng.choice(tokens), rng.choice(tokens), texts.unique("staging token") or b"token"])
        repository = one_of(rng, repositories, gone)
        branches += [token] * (5 if repository in repositories else 1)
        db.add("graveler_branches", repository, texts.unique("branch"), token, texts.nullable())
    for _ in range(count(rng)):
        name = texts.unique("tag") if rng.random() < 0.95 else texts.long(2000)
        db.add("graveler_tags", one_of(rng, repositories, gone), name, texts.nullable())
    for _ in range(count(rng)):
        message = texts.text(20) if rng.random() < 0.95 else texts.long(100000)
        parents = rng.choice([None, [], [texts.nullable() if rng.random() < 0.2 else texts.text()
                                                 for _ in range(rng.randrange(1, 4))]])
        name = texts.unique("commit") if rng.random() < 0.95 else texts.long(2000)
        db.add("graveler_commits", one_of(rng, repositories, gone), name, texts.text(), message, time(rng), texts.text(),
               metadata(rng, texts), parents, rng.choice([0, 1, integer(rng)]), rng.choice([None, integer(rng)]))

    places = [token for token in branches if token] or [b"token"]
    keys = set()
    for _ in range(rng.choice([0, 5, 10, 40, 150])):
        # Some of the tokens are on no branch, and the empty one is no branch's.
        token = rng.choice(places if rng.random() < 0.9 else [b"", *tokens])
        key = blob(rng, texts) if rng.random() < 0.9 else texts.text(20)
        if rng.random() < 0.02:
            key = rng.randbytes(LONG_KEY - len(token))
        if (token, key) not in keys and len(key) + len(token) <= LONG_KEY:
            keys.add((token, key))
            db.add("graveler_staging_kv", token, key, None if rng.random() < 0.2 else blob(rng, texts, least=1),
                   None if rng.random() < 0.2 else blob(rng, texts))


# actions, multiparts -------------------------------------------------------------------------------------------------

RUN_IDS = ["20210203040506", "20210203040506a", "20210203040507", "19691231235959x",
           "00010101000000", "00000101000000", "99991231235959z",
           "20240229120000", "20000229000000-", "19000229000000", "20230229000000", "20211301000000", "20210100000000",
           "20210230101010",
           "20210101240000", "20210101006000", "20210101000060", "2021020304050", "2021-02-03T04:05", "２０２１０２０３０４０５０６",
           " 20210203040506", "+2021020304050", "2021020304050x", "29991130000000", "30010101000000", "20380119031408", "x", "run/1"]


def actions(db):
    rng, texts = db.rng, db.texts
    known = [row["id"] for row in db.rows["graveler_repositories"]]
    runs = []
    used = set()
    run_ids = [identity for identity in RUN_IDS if db.encoding != "LATIN1" or max(identity) <= "\xff"]
    for _ in range(count(rng)):
        repository = one_of(rng, known, lambda: texts.unique("repository", 3))
        run = rng.choice(run_ids).encode()
        if rng.random() < 0.2:
            run += texts.text()
        if (repository, run) in used or (repository, Texts.folded(run)) in used:
            continue
        used.update({(repository, run), (repository, Texts.folded(run))})
        runs.append((repository, run))
        db.add("actions_runs", repository, run, texts.text(2), time(rng), time(rng), rng.choice([b"", b"main", texts.text()]),
               texts.text(), rng.choice([b"", texts.text()]), rng.random() < 0.5)
    for i in range(count(rng)):
        repository, run = one_of(rng, runs, lambda: (texts.unique("repository", 3), b"20210203040506"))
        if rng.random() < 0.1:
            run = rng.choice(run_ids).encode()
        hook = rng.choice([f"0000_{i:04d}".encode(), texts.unique("hook")])
        db.add("actions_run_hooks", repository, run, hook, texts.text(), texts.text(), time(rng), time(rng), rng.random() < 0.5)


def multiparts(db):
    rng, texts = db.rng, db.texts
    for _ in range(count(rng)):
        name = texts.unique("upload") if rng.random() < 0.95 else texts.long(LONG_KEY - len("multiparts"))
        db.add("gateway_multiparts", name, texts.text(10), time(rng), texts.nullable(), metadata(rng, texts), texts.nullable(2))


def generate(rng, encoding, invalid, settings):
    db = Database(rng, encoding, invalid, settings)
    for package in (auth, graveler, actions, multiparts):
        if rng.random() < 0.95:
            package(db)
    return db
