-- For people with a SQL shell. Lines of logs come with their control characters written out,
-- so that they cannot work in a terminal.
DROP VIEW v_incidents;
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
    clients,
    gateway_error_lines,
    replace(replace(replace(replace(replace(replace(replace(summary, char(27), '\x1b'), char(155), '\x9b'), char(157), '\x9d'), char(144), '\x90'), char(8), '\x08'), char(13), '\r'), char(10), '\n') AS summary
FROM incidents
ORDER BY incidents.start, id;

-- What comes again: one row for a cause at a place, the most frequent first.
CREATE VIEW v_recurring AS
SELECT
    count(*) AS times,
    cause,
    coalesce(unit, service, upstreams ->> '$[0]', gateway) AS place,
    sum(coalesce(failed_requests, 0) + coalesce(failed_other, 0)) AS failed,
    strftime('%Y-%m-%d %H:%M:%S', min(start) / 1000000, 'unixepoch') || ' UTC' AS first,
    strftime('%Y-%m-%d %H:%M:%S', max(start) / 1000000, 'unixepoch') || ' UTC' AS last,
    CASE WHEN count(*) > 1 THEN round((max(start) - min(start)) / 3600e6 / (count(*) - 1), 1) END AS hours_apart
FROM incidents
GROUP BY cause, place
ORDER BY times DESC, failed DESC, cause, place;

-- The quoted lines with what each proves, causes first.
CREATE VIEW v_proof AS
SELECT
    incident_id,
    role,
    strftime('%Y-%m-%d %H:%M:%S', time / 1000000, 'unixepoch') || ' UTC' AS time,
    source || coalesce(':' || line, '') AS place,
    replace(replace(replace(replace(replace(replace(replace(text, char(27), '\x1b'), char(155), '\x9b'), char(157), '\x9d'), char(144), '\x90'), char(8), '\x08'), char(13), '\r'), char(10), '\n') AS text,
    replace(replace(replace(replace(replace(replace(replace(why, char(27), '\x1b'), char(155), '\x9b'), char(157), '\x9d'), char(144), '\x90'), char(8), '\x08'), char(13), '\r'), char(10), '\n') AS why
FROM evidence
ORDER BY incident_id, CASE role WHEN 'cause' THEN 0 WHEN 'effect' THEN 1 WHEN 'recovery' THEN 2 ELSE 3 END, n;

-- What failed requests asked for.
CREATE VIEW v_urls AS
SELECT
    incidents.id AS incident_id,
    CASE u.value ->> '$.url' WHEN '' THEN 'others' ELSE replace(replace(replace(replace(replace(replace(replace(u.value ->> '$.url', char(27), '\x1b'), char(155), '\x9b'), char(157), '\x9d'), char(144), '\x90'), char(8), '\x08'), char(13), '\r'), char(10), '\n') END AS url,
    u.value ->> '$.failed' AS failed
FROM incidents, json_each(incidents.url_groups) u
ORDER BY incidents.start, incidents.id, u.key;
