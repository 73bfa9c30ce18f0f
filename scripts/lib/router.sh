# shellcheck shell=bash
# A throw-away Crossbar.io node in a temporary folder. Sourced after setup.sh.

# start_router FOLDER PORT TICKET: RawSocket and WebSocket (path /ws) on one port, realm1. The principal `sidecar` shows
# its ticket and may do everything; everybody else is anonymous, may do everything within com.example, and may ask the
# router what is registered and subscribed there. Sets $router_pid.
# shellcheck disable=SC2034,SC2154
start_router() {
    local folder=$1 port=$2 ticket=$3 auth
    mkdir -p "$folder/router"
    auth='{
        "anonymous": {"type": "static", "role": "anonymous"},
        "ticket": {"type": "static", "principals": {"sidecar": {"ticket": "'$ticket'", "role": "sidecar"}}}
    }'
    cat >"$folder/router/config.json" <<JSON
{
    "version": 2,
    "workers": [{
        "type": "router",
        "realms": [{
            "name": "realm1",
            "roles": [
                {"name": "sidecar", "permissions": [{"uri": "", "match": "prefix",
                    "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]},
                {"name": "anonymous", "permissions": [
                    {"uri": "com.example.", "match": "prefix",
                        "allow": {"call": true, "register": true, "publish": true, "subscribe": true}},
                    {"uri": "wamp.registration.match", "match": "exact", "allow": {"call": true}},
                    {"uri": "wamp.subscription.lookup", "match": "exact", "allow": {"call": true}}
                ]}
            ]
        }],
        "transports": [{
            "type": "universal",
            "endpoint": {"type": "tcp", "port": $port, "interface": "127.0.0.1"},
            "rawsocket": {"serializers": ["json"], "auth": $auth},
            "websocket": {"ws": {"type": "websocket", "serializers": ["json"], "auth": $auth}}
        }]
    }]
}
JSON
    setsid "$venv/bin/crossbar" start --cbdir "$folder/router" --color false >"$folder/router.log" 2>&1 </dev/null &
    router_pid=$!
    local end=$((SECONDS + 90))
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$router_pid" 2>/dev/null || { tail -n 40 "$folder/router.log" >&2; die "Crossbar.io ended"; }
        ((SECONDS < end)) || { tail -n 40 "$folder/router.log" >&2; die "Crossbar.io does not listen"; }
        sleep 0.1
    done
}

# stop_router PID: the node, and the workers that it left behind.
stop_router() {
    end_process "$1"
    kill -KILL -- "-$1" 2>/dev/null || true
}
