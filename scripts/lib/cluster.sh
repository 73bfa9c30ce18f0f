# shellcheck shell=bash
# A throw-away PostgreSQL server in a temporary folder. Sourced after setup.sh.

# Root may not run PostgreSQL: then user postgres does.
as_postgres() {
    if [[ $EUID -ne 0 ]]; then
        "$@"
    elif command -v runuser >/dev/null; then
        (cd / && runuser -u postgres -- "$@")
    else
        (cd / && su postgres -s /bin/bash -c "$(printf '%q ' "$@")")
    fi
}

# start_cluster FOLDER PORT PASSWORD: a cluster in FOLDER/data whose superuser is postgres.
start_cluster() {
    local folder=$1 port=$2 password=$3 programs
    programs=$(server_programs)
    chmod 711 "$folder"
    mkdir "$folder/cluster"
    printf '%s\n' "$password" >"$folder/cluster/password"
    [[ $EUID -ne 0 ]] || chown -R postgres "$folder/cluster"
    quietly as_postgres "$programs/initdb" --pgdata "$folder/cluster/data" --username postgres --encoding UTF8 \
        --locale C --auth scram-sha-256 --pwfile "$folder/cluster/password" --no-sync
    quietly as_postgres "$programs/pg_ctl" --pgdata "$folder/cluster/data" --log "$folder/cluster/log" --wait \
        --options "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start
}

# stop_cluster FOLDER
stop_cluster() {
    local folder=$1
    [[ -f $folder/cluster/data/postmaster.pid ]] || return 0
    as_postgres "$(server_programs)/pg_ctl" --pgdata "$folder/cluster/data" --mode immediate --silent stop \
        >/dev/null 2>&1 || true
}
