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
--
-- What listens at the port's address need not be the sidecar, and whoever may execute dblink's functions can have put any connection
-- under the name. So the key is sent to nobody. Each new connection has to prove that it leads to who knows it, before it gets
-- the first document, and each answer comes with such a proof, of a nonce that is used once; a document is proved to the port in the same way.
-- A kept connection is used only where nobody could have made it but this function.
create or replace function @schema@.ask(what text, name text, args jsonb, kwargs jsonb, options jsonb)
returns @schema@.result language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    link constant text := @schema_name_literal@;
    version constant int := current_setting('server_version_num');
    waits constant boolean := version >= 170000 or version between 160009 and 169999
        or version between 150013 and 159999;
    inner_block bytea;
    outer_block bytea;
    step text;
    nonce text;
    payload jsonb;
    proof text;
    document text;
    reply record;
    is_genuine boolean;
    slept float8;
    pause float8;
    fault text;
    code text;
begin
    for attempt in 1..2 loop
        begin
            step := ask.what;
            if link = any (@dblink@.dblink_get_connections()) then
                if attempt = 2 or exists (
                        select from pg_proc as p
                            join pg_namespace as n on n.oid = p.pronamespace
                            cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
                            left join pg_roles as r on r.oid = a.grantee
                        where p.proname in ('dblink_connect', 'dblink_connect_u') and n.nspname = @dblink_name_literal@
                            and a.privilege_type = 'EXECUTE' and r.rolname is distinct from current_user
                            and r.rolsuper is not true)
                    or @dblink@.dblink_is_busy(link) = 1 or @dblink@.dblink_error_message(link) <> 'OK'
                then
                    perform @dblink@.dblink_disconnect(link);
                end if;
            end if;
            select k.inner_block, k.outer_block into inner_block, outer_block from @schema@.port_key as k;
            if not found then
                raise exception '%: no sidecar has told yet where its port is', ask.what using errcode = 'WA003',
                    hint = 'caller.listen in sidecar.yaml opens the port; the sidecar tells its address when it starts';
            end if;
            if not coalesce(link = any (@dblink@.dblink_get_connections()), false) then
                if not @schema@.is_original() then
                    raise exception '%: this database is a copy of the one that the interface was installed in', ask.what
                        using errcode = 'WA003', hint = 'wamp-sidecar install --adopt makes it one of its own';
                end if;
                perform @dblink@.dblink_connect(link, @server_name_literal@);
                step := 'prove';
            end if;
            loop
                nonce := gen_random_uuid();
                proof := @schema@.port_proof(inner_block, outer_block, format('%s %s %s', step, pg_backend_pid(), nonce));
                document := case when step = 'prove'
                    then jsonb_build_object('prove', true, 'nonce', nonce, 'mac', left(proof, 32), 'pid', pg_backend_pid(),
                        'rows', true)
                    else jsonb_build_object('nonce', nonce, 'mac', left(proof, 32), 'pid', pg_backend_pid(), 'rows', true,
                        ask.what, ask.name, 'args', ask.args, 'kwargs', ask.kwargs, 'options', ask.options) end;
                if @dblink@.dblink_send_query(link, document) = 0 then
                    perform @dblink@.dblink_disconnect(link);
                    raise exception '%: the sidecar did not take it; nothing was sent', ask.what using errcode = 'WA002';
                end if;
                slept := 0;
                if not waits then
                    for i in 1..200 loop
                        exit when @dblink@.dblink_is_busy(link) = 0;
                    end loop;
                    while @dblink@.dblink_is_busy(link) = 1 loop
                        pause := least(greatest(slept / 4, 0.0005), 0.05);
                        perform pg_sleep(pause);
                        slept := slept + pause + 0.0006;
                    end loop;
                end if;
                select t.* into reply from @dblink@.dblink_get_result(link)
                    as t(state text, args jsonb, kwargs jsonb, code text, error text, proof text, hint text);
                is_genuine := false;
                exit when reply.state = 'stale';
                is_genuine := coalesce(reply.proof = right(proof, 32), false);
                exit when not is_genuine or step <> 'prove';
                -- The end of the answer, behind its row.
                while @dblink@.dblink_is_busy(link) = 1 and slept < 1 loop
                    perform pg_sleep(0.0005);
                    slept := slept + 0.001;
                end loop;
                step := ask.what;
            end loop;
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
            when undefined_object then
                raise exception '%: no sidecar has told yet where its port is', ask.what using errcode = 'WA003',
                    hint = 'caller.listen in sidecar.yaml opens the port; the sidecar that leads tells its address while it listens';
            when insufficient_resources or syntax_error or feature_not_supported
                or invalid_authorization_specification or protocol_violation or datatype_mismatch or data_exception
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
        -- A new connection whose other end does not know the key won't know it the second time.
        exit when reply.state is distinct from 'stale' or step = 'prove';
    end loop;
    if not is_genuine and reply.state is distinct from 'stale' then
        perform @dblink@.dblink_disconnect(link);
        raise exception '%: what listens at the sidecar''s port can''t prove that it is the sidecar', ask.what
            using errcode = case when step = 'prove' then 'WA002' else '08007' end,
                detail = case when step = 'prove' then 'It was sent nothing.' else 'What was asked for may have been done.' end,
                hint = format('which process listens at the address of the foreign server %I?', @server_name_literal@);
    end if;
    if reply.state = 'result' then
        return (reply.args, reply.kwargs)::@schema@.result;
    end if;
    if reply.state is distinct from 'error' or reply.error is null or coalesce(reply.code, '') !~ '^[0-9A-Z]{5}$' then
        perform @dblink@.dblink_disconnect(link);
        raise exception '%: %', ask.what, case when reply.state = 'stale'
            then 'the sidecar at the port does not lead, and does not know the key of this database'
            else 'the sidecar answered something else than a result' end using errcode = 'WA002';
    end if;
    if reply.args is null and reply.kwargs is null and reply.code <> 'WA000' then
        if reply.hint is null then
            raise exception using errcode = reply.code, message = reply.error;
        end if;
        raise exception using errcode = reply.code, message = reply.error, hint = reply.hint;
    end if;
    payload := jsonb_build_object('args', coalesce(reply.args, '[]'), 'kwargs', coalesce(reply.kwargs, '{}'));
    if reply.hint is null then
        raise exception using errcode = reply.code, message = reply.error, detail = payload;
    end if;
    raise exception using errcode = reply.code, message = reply.error, detail = payload, hint = reply.hint;
end $body$;
revoke all on function @schema@.ask(text, text, jsonb, jsonb, jsonb) from public;

insert into @schema@.meta (key, value) values ('dblink_schema', @dblink_name_literal@)
    on conflict (key) do update set value = excluded.value;
