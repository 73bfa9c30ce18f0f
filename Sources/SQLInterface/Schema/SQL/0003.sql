-- Version 3 of the SQL interface: what changes from version 2. Run once, in one transaction, as the role that owns the schema.
-- The names between at signs are those of version 1. A new function's rights are taken from PUBLIC here, where it is made.

-----------------------------------------------------------------------------------------------------------------------
-- The outbox and its relay

-- Rows in the order of their ids: those from each of `firsts` to its fellow in `lasts`, which are in order and up to bound, and
-- those behind bound up to `upto`; a bound of null is before the first. At most `rows`, and none behind the one with which `octets`
-- are reached. Nothing of a topic in `held`; if `wanted` is there, nothing of any other topic. All is seen by one snapshot: a row with a low id that
-- commits later than one with a high id must not be overtaken by the next row of its own session.
--
-- Each row is measured here, before anything of it is sent. One with more octets of text than `largest`, or whose text can't
-- be made, comes without its values and says why: `fault` begins with the SQLSTATE. It is that row's fault and stops no other.
--
-- If the sequence is another one than `sequence` says, or has gone back behind the bound, there is one row of nulls and
-- nothing else: what was known of the ids is void.
--
-- `age` is how long ago, in microseconds, the transaction began that published the event, when the statement begins.
drop function @schema@.relay_read(bigint, int, int, text[], int, bigint[], bigint[], bigint, text[], bigint);
create function @schema@.relay_read(bound bigint, rows int, octets int, held text[] default null,
    largest int default 16777216, firsts bigint[] default null, lasts bigint[] default null,
    upto bigint default 9223372036854775807, wanted text[] default null, sequence bigint default null)
returns table (id bigint, event_id uuid, topic text, args text, kwargs text, options text, fault text, age bigint)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set jit = off as $body$
declare
    stored_args jsonb;
    stored_kwargs jsonb;
    stored_options jsonb;
    is_large boolean;
    began float8;
    is_unmade boolean := false;
    size bigint;
    taken bigint := 0;
    count int := 0;
    done bigint;
    first bigint := '-9223372036854775808';
    lowest bigint := first;
    code text;
    words text;
begin
    perform @schema@.require_leadership();
    began := date_part('epoch', clock_timestamp()) * 1e6;
    if relay_read.sequence <> pg_relation_filenode(@outbox_sequence_literal@::regclass)::bigint
        or relay_read.sequence is not null
            and coalesce(pg_sequence_last_value(@outbox_sequence_literal@::regclass), 0) < relay_read.bound
    then
        return next;
        return;
    end if;
    if relay_read.bound = 9223372036854775807 then
        relay_read.upto := null;
    elsif relay_read.bound is not null then
        lowest := relay_read.bound + 1;
    end if;
    <<batch>>
    loop
        begin
            -- This is done for each of hundreds of thousands of rows a second: as few statements as will do.
            for id, event_id, topic, stored_args, stored_kwargs, stored_options, age, is_large in
                select r.id, r.event_id, r.topic, r.args, r.kwargs, r.options,
                    -- A row that was inserted past publish() may have any time.
                    least(greatest(began - date_part('epoch', r.created) * 1e6, 0), 1e15)::bigint,
                    pg_column_size(r.args) > relay_read.largest / 128
                        and (pg_column_compression(r.args) is not null or pg_column_size(r.args) / 4 > relay_read.largest)
                    or pg_column_size(r.kwargs) > relay_read.largest / 128
                        and (pg_column_compression(r.kwargs) is not null or pg_column_size(r.kwargs) / 4 > relay_read.largest)
                from (
                    (select l.* from unnest(relay_read.firsts, relay_read.lasts) as g(low, high) cross join lateral (
                        select o.id, o.event_id, o.topic, o.args, o.kwargs, o.options, o.created from @schema@.outbox as o
                        where o.id between greatest(g.low, first) and g.high
                            and (relay_read.held is null or o.topic not in (select unnest(relay_read.held))) is not false
                            and (relay_read.wanted is null or o.topic in (select unnest(relay_read.wanted)))
                        order by o.id limit relay_read.rows) as l)
                    union all
                    (select o.id, o.event_id, o.topic, o.args, o.kwargs, o.options, o.created from @schema@.outbox as o
                    where o.id >= greatest(first, lowest) and o.id <= relay_read.upto
                        and (relay_read.held is null or o.topic not in (select unnest(relay_read.held))) is not false
                        and (relay_read.wanted is null or o.topic in (select unnest(relay_read.wanted)))
                    order by o.id limit relay_read.rows)
                ) as r
            loop
                exit batch when count >= relay_read.rows;
                -- A text takes seconds to make where control characters are escaped, and no text is a quarter of what jsonb
                -- takes for it. What is small as it is stored, or known by that, isn't unpacked for it; else it is unpacked once.
                if is_large then
                    stored_args := stored_args #> '{}';
                    stored_kwargs := stored_kwargs #> '{}';
                    size := coalesce(pg_column_size(stored_args), 0) + coalesce(pg_column_size(stored_kwargs), 0);
                    is_unmade := size / 4 > relay_read.largest;
                end if;
                if not is_unmade then
                    args := stored_args;
                    kwargs := stored_kwargs;
                    options := stored_options;
                    size := coalesce(octet_length(topic), 0) + coalesce(octet_length(args), 0)
                        + coalesce(octet_length(kwargs), 0) + coalesce(octet_length(options), 0);
                end if;
                if is_unmade or size > relay_read.largest then
                    topic := left(topic, 1000);
                    args := null;
                    kwargs := null;
                    options := null;
                    fault := format('54000 its %s %s octets, and the router takes %s',
                        case when is_unmade then 'values take' else 'text has' end, size, relay_read.largest);
                    is_unmade := false;
                    return next;
                    fault := null;
                else
                    return next;
                    taken := taken + size;
                    exit batch when taken >= relay_read.octets;
                end if;
                done := id;
                count := count + 1;
            end loop;
            exit;
        exception when others then
            get stacked diagnostics code = returned_sqlstate, words = message_text;
            -- What is not the fault of the row: no row is being read, there is no room for the answer, or it is to end.
            if id is not distinct from done or code in ('53100', '53400') or left(code, 2) in ('25', '40', '57') then
                raise;
            end if;
            topic := case when left(code, 2) <> 'XX' then left(topic, 1000) end;
            args := null;
            kwargs := null;
            options := null;
            is_unmade := false;
            fault := format('%s its text can''t be made: %s', code, words);
            return next;
            fault := null;
            count := count + 1;
            exit when id = 9223372036854775807;
            done := id;
            first := id + 1;
        end;
    end loop;
end $body$;
revoke all on function @schema@.relay_read(bigint, int, int, text[], int, bigint[], bigint[], bigint, text[], bigint) from public;

-----------------------------------------------------------------------------------------------------------------------
-- Figures

-- Dead letters of a kind are counted, however many there are of the other.
create index dead_letter_kind on @schema@.dead_letter (kind);

-- How many events wait in the outbox, how many seconds ago the oldest of them was published (0 if there is none), how many
-- dead letters there are of each kind, and how many seconds ago the oldest of these was written. It is called every 15 s in the
-- session that relays, so it reads at most 10,000 rows of each, and waits 100 ms for a lock. Letters are counted up to that number; of events beyond it each assigned id counts as one,
-- so that they may be fewer.
create function @schema@.outbox_figures(
    out waiting bigint, out oldest float8, out letters_publish bigint, out letters_event bigint, out letters_oldest float8)
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set jit = off set lock_timeout = '100ms' as $body$
declare
    most constant int := 10000;
    last bigint;
    first timestamptz;
begin
    select count(*), max(r.id), min(r.created) into waiting, last, first
        from (select o.id, o.created from @schema@.outbox as o order by o.id limit most) as r;
    if waiting = most then
        waiting := waiting + greatest(coalesce(pg_sequence_last_value(@outbox_sequence_literal@::regclass), 0)
            - greatest(last, 0), 0);
    end if;
    oldest := coalesce(least(greatest(
        date_part('epoch', clock_timestamp()) - date_part('epoch', first), 0), 1e9), 0);
    select count(*) into letters_publish
        from (select from @schema@.dead_letter as d where d.kind = 'publish' limit most) as r;
    select count(*) into letters_event
        from (select from @schema@.dead_letter as d where d.kind = 'event' limit most) as r;
    select min(d.created) into first from @schema@.dead_letter as d;
    letters_oldest := coalesce(least(greatest(
        date_part('epoch', clock_timestamp()) - date_part('epoch', first), 0), 1e9), 0);
end $body$;
revoke all on function @schema@.outbox_figures() from public;

-----------------------------------------------------------------------------------------------------------------------
-- Version

update @schema@.meta as m set value = '3' where m.key = 'version';
