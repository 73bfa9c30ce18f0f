#!/bin/sh
# Run once, by the entrypoint of PostgreSQL's image: the role of the application. psql quotes the password.
psql --username postgres --dbname shop --set ON_ERROR_STOP=1 --set password="$SHOP_PASSWORD" <<'SQL'
create role shop login password :'password';
SQL
