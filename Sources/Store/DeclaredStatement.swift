/// The statements of declared objects.
enum DeclaredStatement: String, Statement, CaseIterable {
    /// Locks those of some objects that exist, in the order that everybody locks them in.
    case lock = """
        SELECT to_jsonb(t) AS row FROM objects t
        JOIN unnest($1::text[], $2::text[], $3::text[]) w (kind, namespace, name)
            ON (t.kind, t.namespace, t.name) = (w.kind, w.namespace, w.name)
        ORDER BY t.kind, t.namespace, t.name FOR UPDATE OF t
        """
    case among = """
        SELECT to_jsonb(t) AS row FROM objects t
        JOIN unnest($1::text[], $2::text[], $3::text[]) w (kind, namespace, name)
            ON (t.kind, t.namespace, t.name) = (w.kind, w.namespace, w.name)
        ORDER BY t.kind, t.namespace, t.name
        """
    case lockByUID = "SELECT to_jsonb(t) AS row FROM objects t WHERE t.uid = $1 FOR UPDATE"
    case delete = "DELETE FROM objects WHERE uid = ANY($1::text[])"
    /// Locks the runs of Workflow objects that are about to go.
    case lockRuns = """
        SELECT t.uid, t.pin FROM workflows t
        JOIN unnest($1::text[], $2::text[]) w (namespace, name)
            ON (t.namespace, t.name) = (w.namespace, w.name)
        ORDER BY t.namespace, t.name FOR UPDATE OF t
        """
    case deleteRuns = "DELETE FROM workflows WHERE uid = ANY($1::text[])"
    /// Who deletes another run with the same specs waits here, and so sees whether any run is left.
    case lockPins = "SELECT digest FROM pins WHERE digest = ANY($1::text[]) ORDER BY digest FOR UPDATE"
    case deletePins = """
        DELETE FROM pins p WHERE p.digest = ANY($1::text[])
            AND NOT EXISTS (SELECT FROM workflows w WHERE w.pin = p.digest)
        """
    case outlines = """
        SELECT t.kind, t.namespace, t.name, t.digest,
            NULLIF(t.labels, '{}') AS labels, NULLIF(t.annotations, '{}') AS annotations,
            t.origin ->> 'path' AS path, t.origin ->> 'line' AS line, t.origin ->> 'column' AS "column",
            t.origin ->> 'fields' AS fields, t.origin ->> 'declared' AS declared,
            t.origin ->> 'taken' AS taken, t.origin -> 'owners' AS owners,
            CASE WHEN NOT t.status @> '{"conditions": [{"type": "Ready", "status": "True"}]}'
                OR t.status ? 'drift'
                OR t.status @> '{"conditions": [{"type": "PruneHeld"}]}' THEN t.status END AS status
        FROM objects t WHERE t.source = $1
        """
    case othersVersion = """
        SELECT count(*) || ':' || COALESCE(
            sum(hashtextextended(t.kind || '/' || t.namespace || '/' || t.name || '=' || t.digest, 0)), 0
        ) AS version FROM objects t WHERE t.source IS DISTINCT FROM $1
        """
    case others = """
        SELECT t.kind, t.namespace, t.name, CASE WHEN t.kind = ANY($2::text[]) THEN t.spec END AS spec
        FROM objects t WHERE t.source IS DISTINCT FROM $1
        """
    /// The settings of a zone's clocks since a while ago. They change at quarters of an hour, if at all.
    case clock = """
        WITH looks AS (
            SELECT t, extract(epoch FROM (t AT TIME ZONE $1) - (t AT TIME ZONE 'UTC'))::bigint AS seconds
            FROM generate_series(
                date_trunc('hour', now() - $2::bigint * interval '1 microsecond'),
                now(),
                interval '15 minutes'
            ) t
        )
        SELECT t AS since, seconds, now() AS now FROM (
            SELECT t, seconds, lag(seconds) OVER (ORDER BY t) AS before FROM looks
        ) l WHERE before IS DISTINCT FROM seconds ORDER BY t
        """
    case namespaces = "SELECT DISTINCT t.namespace FROM objects t WHERE t.namespace <> ''"
    /// Gives new rows the positions that were drawn once they were there.
    case placed = """
        UPDATE objects t SET resource_version = w.position
        FROM unnest($1::text[], $2::bigint[]) w (uid, position) WHERE t.uid = w.uid
        """
    case sources = "SELECT t.name FROM objects t WHERE t.kind = 'GitSource'"
    /// Those that need something, besides one.
    case stalledSources = """
        SELECT t.name FROM objects t
        WHERE t.kind = 'GitSource' AND t.name IS DISTINCT FROM $1::text
            AND t.status @> '{"conditions": [{"type": "Stalled", "status": "True"}]}'
        """
    case ofKind = """
        SELECT to_jsonb(t) AS row FROM objects t
        WHERE t.kind = $1 AND ($2::text IS NULL OR t.namespace = $2) ORDER BY t.namespace, t.name
        """
}
