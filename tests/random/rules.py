# SPDX-License-Identifier: Apache-2.0
"""Rules of the specification that programs were without, so that a run can do without them too (--without, --with).

When every program that is tested keeps a rule, its line here can go.
"""
ON = {
    # Field 1 of a task is the run's old id, by which the object with the hook's output is found; without: the new one.
    "old-run-id": True,
    # A staged row with an empty identity is refused; without: there are none.
    "empty-identity": True,
    # Policies whose members have names in other case, or with further members, are read as lakeFS reads them; without:
    # refused.
    "lenient-policies": False,
    # A storage namespace is a URL by the rules of Go; without: there are none that the difference would show.
    "namespace-urls": False,
    # A key that PostgreSQL's index does not take is refused; without: there are none.
    "long-keys": False,
}
