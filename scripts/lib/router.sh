# shellcheck shell=bash
# A throw-away Crossbar.io node in a temporary folder. Sourced after setup.sh.

# start_router FOLDER PORT TICKET: with examples/router.json, at another port: RawSocket and WebSocket (path /ws),
# realm1. The principal `sidecar` logs in with its ticket and may do everything; all other peers are anonymous, may do
# everything within com.example, and may ask the router for registrations and subscriptions. Sets $router_pid.
# shellcheck disable=SC2034,SC2154
start_router() {
    local folder=$1 port=$2 ticket=$3
    mkdir -p "$folder/router"
    sed 's/"port": 8080/"port": '"$port/" "$root/examples/router.json" >"$folder/router/config.json"
    WAMP_TICKET=$ticket setsid "$venv/bin/crossbar" start --cbdir "$folder/router" --color false \
        >"$folder/router.log" 2>&1 </dev/null &
    router_pid=$!
    local end=$((SECONDS + 90))
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$router_pid" 2>/dev/null || { tail -n 40 "$folder/router.log" >&2; die "Crossbar.io ended"; }
        ((SECONDS < end)) || { tail -n 40 "$folder/router.log" >&2; die "Crossbar.io does not listen"; }
        sleep 0.1
    done
}

# stop_router PID: stops the node, and its remaining workers.
stop_router() {
    end_process "$1"
    kill -KILL -- "-$1" 2>/dev/null || true
}
