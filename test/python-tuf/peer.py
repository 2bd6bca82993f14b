"""python-tuf 7 as a peer of dtuf: reads one request a line, and answers one line each.

{"keys": {...}}            the private keys that plans name
{"write": [state, ...]}    writes the states of a plan
{"judge": {...}}           is a client of what is served, session by session
"""

import json
import logging
import sys

from judging import judge
from writing import take_keys, write

# Each refusal is logged, and most repositories are to be refused.
logging.disable(logging.CRITICAL)

ANSWERS = {"keys": take_keys, "write": write, "judge": judge}

for line in sys.stdin:
    [(name, value)] = json.loads(line).items()
    print(json.dumps(ANSWERS[name](value)), flush=True)
