#!/bin/sh
# The demonstration: a signed webhook travels to a receiver and is verified; a forged one is refused.
# Wants the programs and libraries that `make build` puts into build/demo.
set -eu
cd "$(dirname "$0")/.."
bin=build/demo/bin
log=build/demo/receive.log
data='{"event": "dog.barked", "volume": 11, "café": true}'

: >"$log"
"$bin/receive" --key 'a shared secret' --count 2 >"$log" &
receiver=$!
trap 'kill "$receiver" 2>/dev/null || true' EXIT

url=
tries=0
while [ -z "$url" ]; do
    url=$(sed -n 's/^listening on //p' "$log")
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || { echo 'the receiver did not start' >&2; exit 1; }
    [ -n "$url" ] || sleep 0.1
done

check() { # what was expected, what came
    [ "$1" = "$2" ] || { echo "demo: expected '$1', got '$2'" >&2; exit 1; }
}

echo "1. The receiver listens on $url"
echo "2. Sending $data"
sent=$("$bin/send" "$url" --key 'a shared secret' --type application/json "$data")
echo "$sent" | sed 's/^/     sender:   /'
check 'HTTP 204' "$(echo "$sent" | head -n 1)"

echo '3. Sending it signed with another key'
status=0
forged=$("$bin/send" "$url" --key 'a guess' --type application/json "$data") || status=$?
echo "$forged" | sed 's/^/     sender:   /'
check 'HTTP 401' "$(echo "$forged" | head -n 1)"
check 1 "$status"

wait "$receiver"
trap - EXIT
echo '4. What the receiver read from the wire, and what it made of it'
sed -n '2,$s/^/     receiver: /p' "$log"
check 1 "$(grep -c ': valid$' "$log")"
check 1 "$(grep -c ': the signature does not match$' "$log")"

echo '5. Verifying the first one from the command line'
timestamp=$(echo "$sent" | sed -n 's/^BARKER_TIMESTAMP: //p')
signature=$(echo "$sent" | sed -n 's/^BARKER_SIGNATURE: //p')
verdict=$("$bin/verify" --key 'a shared secret' "$timestamp" "$signature" "$data")
echo "     verify:   $verdict"
check valid "$verdict"
echo 'A signed webhook was sent, received and verified; a forged one was refused.'
