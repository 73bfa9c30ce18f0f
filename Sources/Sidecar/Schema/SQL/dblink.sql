-- The part of the interface that needs contrib's dblink. Run as the schema's owner after the numbered scripts, wherever
-- dblink is there and the owner may use its foreign data wrapper; it can be repeated.

do $server$
begin
    if not exists (select from pg_catalog.pg_foreign_server as s where s.srvname operator(pg_catalog.=) @server_name_literal@) then
        create server @server@ foreign data wrapper dblink_fdw;
    end if;
end $server$;

-- Asks the sidecar, through its port: one JSON document there, one row back.
--
-- dblink_send_query and dblink_get_result, because the wait in the latter can be ended by a cancel; older minors of
-- PostgreSQL are polled. The connection is kept under the schema's name, and looked at before it is used: what was lost
-- before sending was never done, what is lost after it may have been.
create or replace function @schema@.ask(what text, name text, args jsonb, kwargs jsonb, options jsonb)
returns @schema@.result language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    link constant text := @schema_name_literal@;
    version constant int := current_setting('server_version_num');
    waits constant boolean := version >= 170000 or version between 160009 and 169999
        or version between 150013 and 159999;
    port_key text;
    document text;
    reply record;
    slept float8 := 0;
    step float8;
    fault text;
    code text;
begin
    for attempt in 1..2 loop
        begin
            if link = any (@dblink@.dblink_get_connections()) then
                -- Where everybody may use dblink, anybody could have made a connection of this name, to anywhere.
                if attempt = 2 or has_function_privilege('public', @dblink_connect_literal@, 'execute')
                    or @dblink@.dblink_is_busy(link) = 1 or @dblink@.dblink_error_message(link) <> 'OK'
                then
                    perform @dblink@.dblink_disconnect(link);
                end if;
            end if;
            select m.value into port_key from @schema@.meta as m where m.key = 'port_key';
            if port_key is null then
                raise exception '%: no sidecar has told yet where its port is', ask.what using errcode = 'WA003',
                    hint = 'caller.listen in sidecar.yaml opens the port; the sidecar tells its address when it starts';
            end if;
            if not coalesce(link = any (@dblink@.dblink_get_connections()), false) then
                if not @schema@.is_original() then
                    raise exception '%: this database is a copy of the one that the interface was installed in', ask.what
                        using errcode = 'WA003', hint = 'wamp-sidecar install --adopt makes it one of its own';
                end if;
                perform @dblink@.dblink_connect(link, @server_name_literal@);
            end if;
            document := jsonb_build_object('key', port_key, 'pid', pg_backend_pid(), 'rows', true, ask.what, ask.name,
                'args', ask.args, 'kwargs', ask.kwargs, 'options', ask.options);
            if @dblink@.dblink_send_query(link, document) = 0 then
                perform @dblink@.dblink_disconnect(link);
                raise exception '%: the sidecar did not take it; nothing was sent', ask.what using errcode = 'WA002';
            end if;
            if not waits then
                for i in 1..200 loop
                    exit when @dblink@.dblink_is_busy(link) = 0;
                end loop;
                while @dblink@.dblink_is_busy(link) = 1 loop
                    step := least(greatest(slept / 4, 0.0005), 0.05);
                    perform pg_sleep(step);
                    slept := slept + step + 0.0006;
                end loop;
            end if;
            select t.* into reply from @dblink@.dblink_get_result(link)
                as t(state text, args jsonb, kwargs jsonb, code text, error text);
        exception
            when query_canceled then
                -- The sidecar sees the connection close, and cancels the call. (dblink_cancel_query could wait for ever.)
                if link = any (@dblink@.dblink_get_connections()) then
                    perform @dblink@.dblink_disconnect(link);
                end if;
                raise;
            when sqlclient_unable_to_establish_sqlconnection then
                get stacked diagnostics fault = pg_exception_detail;
                raise exception '%: no sidecar is listening', ask.what using errcode = 'WA002', detail = fault,
                    hint = format('is wamp-sidecar running, and is its caller port the one of the foreign server %I?',
                        @server_name_literal@);
            when connection_exception or operator_intervention then
                get stacked diagnostics fault = message_text;
                if link = any (@dblink@.dblink_get_connections()) then
                    perform @dblink@.dblink_disconnect(link);
                end if;
                raise exception '%: the sidecar went away; what was asked for may have been done', ask.what
                    using errcode = '08007', detail = fault;
            when insufficient_resources or syntax_error or feature_not_supported
                or invalid_authorization_specification or protocol_violation
            then
                get stacked diagnostics fault = message_text, code = returned_sqlstate;
                if link = any (@dblink@.dblink_get_connections()) then
                    perform @dblink@.dblink_disconnect(link);
                end if;
                raise exception '%: the sidecar did not take it', ask.what using errcode = 'WA002',
                    detail = format('%s: %s', code, fault);
            when undefined_function or invalid_schema_name or insufficient_privilege then
                get stacked diagnostics fault = message_text;
                raise exception '%: the way to the sidecar is not set up', ask.what using errcode = 'WA003',
                    detail = fault, hint = @administrator_literal@;
        end;
        exit when reply.state is distinct from 'stale';
    end loop;
    if reply.state = 'result' then
        return (reply.args, reply.kwargs)::@schema@.result;
    end if;
    if reply.state is distinct from 'error' or reply.error is null or coalesce(reply.code, '') !~ '^[0-9A-Z]{5}$' then
        perform @dblink@.dblink_disconnect(link);
        raise exception '%: %', ask.what, case when reply.state = 'stale'
            then 'the sidecar at the port does not know the key of this database'
            else 'the sidecar answered something else than a result' end using errcode = 'WA002';
    end if;
    if reply.args is null and reply.kwargs is null and reply.code <> 'WA000' then
        raise exception using errcode = reply.code, message = reply.error;
    end if;
    raise exception using errcode = reply.code, message = reply.error,
        detail = jsonb_build_object('args', coalesce(reply.args, '[]'), 'kwargs', coalesce(reply.kwargs, '{}'));
end $body$;
revoke all on function @schema@.ask(text, text, jsonb, jsonb, jsonb) from public;

insert into @schema@.meta (key, value) values ('dblink_schema', @dblink_name_literal@)
    on conflict (key) do update set value = excluded.value;
