#!/bin/sh
# The application's schema, unless it is there already.
set -eu
if [ -n "$(psql --no-psqlrc --tuples-only --no-align --command "select to_regclass('shop.item')")" ]; then
    echo "the shop is there"
    exit
fi
psql --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction --file "${SCHEMA:-/schema.sql}"
