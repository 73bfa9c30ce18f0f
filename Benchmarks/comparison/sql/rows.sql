-- Rows of about 100 octets as JSON. The planner puts the query in the function's place, so that they come one by one.
create function bench.rows(count integer) returns table (n integer, filler text) language sql stable as $$
    select g, repeat('x', 80) from generate_series(1, count) as g
$$;
