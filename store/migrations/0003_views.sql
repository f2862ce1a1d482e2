-- For people with a SQL shell; programs read the tables.

CREATE VIEW v_incidents AS
SELECT
    id,
    strftime('%Y-%m-%d %H:%M:%S', start / 1000000, 'unixepoch') || ' UTC' AS start,
    strftime('%Y-%m-%d %H:%M:%S', "end" / 1000000, 'unixepoch') || ' UTC' AS "end",
    CASE
        WHEN "end" - start < 1000000 THEN printf('%d ms', ("end" - start) / 1000)
        WHEN "end" - start < 60000000 THEN printf('%d s', ("end" - start) / 1000000)
        WHEN "end" - start < 3600000000 THEN printf('%d min %d s', ("end" - start) / 60000000, ("end" - start) / 1000000 % 60)
        ELSE printf('%d h %d min', ("end" - start) / 3600000000, ("end" - start) / 60000000 % 60)
    END AS duration,
    state,
    cause,
    printf('%d %%', CAST(round(confidence * 100) AS INTEGER)) AS sure,
    coalesce(process, unit, container, service, gateway)
        || coalesce(' (pid ' || pid || ')', '')
        || CASE WHEN process IS NOT NULL AND coalesce(unit, container) IS NOT NULL
                THEN ' of ' || coalesce(unit, container) ELSE '' END
        || coalesce(' on ' || host, '') AS who,
    (SELECT group_concat(value, ', ') FROM json_each(upstreams)) AS upstreams,
    CASE WHEN failed_requests IS NULL AND failed_other IS NULL THEN NULL
         ELSE coalesce(failed_requests, 0) + coalesce(failed_other, 0) END AS failed,
    gateway_error_lines,
    summary
FROM incidents
ORDER BY incidents.start, id;

CREATE VIEW v_timeline AS
SELECT
    incident_id,
    strftime('%Y-%m-%d %H:%M:%S', time / 1000000, 'unixepoch')
        || CASE WHEN time_precision >= 1000000 THEN ''
                WHEN time_precision >= 1000 THEN printf('.%03d', time / 1000 % 1000)
                ELSE printf('.%06d', time % 1000000) END
        || ' UTC' AS time,
    what,
    source || coalesce(':' || line, '') AS place
FROM events
ORDER BY incident_id, n;
