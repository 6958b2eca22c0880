#!/bin/sh
# Send a message and print its id. CGW_URL: the gateway's address. CGW_KEY: an API key.
set -eu
answer=$(curl --silent --show-error --fail-with-body "$CGW_URL/v1/messages" \
  -H "Authorization: Bearer $CGW_KEY" \
  -H 'Content-Type: application/json' \
  -H "Idempotency-Key: $1" \
  -d '{"to": "+966500000078", "from": "INTERKEY", "text": "Your order is on its way"}') || {
  echo "$answer" >&2
  exit 1
}
echo "$answer" | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/'
