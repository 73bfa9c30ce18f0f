select sensor, value from telemetry.reading order by at;
select topic, payload from telemetry.alarm;

-- The event that failed, as an administrator sees it. wamp-sidecar dead-letter list shows it too.
reset role;
select topic, args, error, message from wamp.dead_letter;
