select sensor, value from telemetry.reading order by at;
select topic, payload from telemetry.alarm;
