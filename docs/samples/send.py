"""Send a message and print its id. CGW_URL: the gateway's address. CGW_KEY: an API key."""

import json
import os
import sys
import urllib.error
import urllib.request

request = urllib.request.Request(  # noqa: S310  the gateway's address is yours
    os.environ["CGW_URL"] + "/v1/messages",
    data=json.dumps({"to": "+966500000078", "from": "INTERKEY", "text": "Your order is on its way"}).encode(),
    headers={
        "Authorization": "Bearer " + os.environ["CGW_KEY"],
        "Content-Type": "application/json",
        "Idempotency-Key": sys.argv[1],
    },
)
try:
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        print(json.load(answer)["id"])
except urllib.error.HTTPError as refused:
    problem = json.load(refused)
    sys.exit(f"{problem['code']}: {problem['title']}")
