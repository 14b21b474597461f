#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/kubernetes/job.yaml gives its container, for tests: job.py args | env | image | mounts | json.

args, env and mounts are printed one a line; env as NAME or, if the value is written there, NAME=VALUE.  json prints the whole
document.  Debian's Python: another one may lack the module yaml.
"""

import json
import os
import sys

import yaml


def main():
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../scripts/kubernetes/job.yaml")
    with open(path, encoding="utf-8") as file:
        job = yaml.safe_load(file)
    [container] = job["spec"]["template"]["spec"]["containers"]
    what = sys.argv[1]
    if what == "args":
        print("\n".join(container["args"]))
    elif what == "env":
        for variable in container["env"]:
            print(variable["name"] + ("=" + variable["value"] if "value" in variable else ""))
    elif what == "image":
        print(container["image"])
    elif what == "mounts":
        print("\n".join(mount["mountPath"] for mount in container["volumeMounts"]))
    elif what == "json":
        print(json.dumps(job))
    else:
        sys.exit("job.py: unknown argument " + what)


main()
