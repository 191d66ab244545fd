#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Does the work of LAVA's server for a job on a dispatcher alone.

  server.py device TEMPLATES DICTIONARY JOB   checks a job, and prints its device.yaml
  server.py results LOG                       prints SUITE RESULT NAME for each result
"""

import sys

import jinja2
import yaml

from lava_common.schemas import device as device_schema
from lava_common.schemas import validate


def device(templates, dictionary, path):
    """Render the template of the device's type with the lab's dictionary."""
    with open(path, encoding="utf-8") as file:
        job = yaml.safe_load(file)
    validate(job)
    text = "{%% extends '%s.jinja2' %%}\n" % job["device_type"]
    if dictionary:
        with open(dictionary, encoding="utf-8") as file:
            text += file.read()
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), trim_blocks=True
    )
    text = env.from_string(text).render(**job.get("context", {}))
    device_schema.validate(yaml.safe_load(text))
    print(text)


def results(path):
    """Each line of the log is a message."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if '"lvl": "results"' in line:
                msg = yaml.safe_load(line)["msg"]
                print(msg["definition"], msg["result"], msg["case"], msg.get("error_msg", ""))


COMMANDS = {"device": (device, 3), "results": (results, 1)}

if len(sys.argv) < 2 or len(sys.argv) - 2 != COMMANDS.get(sys.argv[1], (None, -1))[1]:
    sys.exit(__doc__)
COMMANDS[sys.argv[1]][0](*sys.argv[2:])
