internal import Domain

/// The rows that are shown through the envelope as objects of a kind, and the statements that read them for
/// that.
struct ShownTable: Sendable {
    /// The statements as texts, each of which may be a part of a larger one.
    private struct Texts {
        let get: String
        let list: String
        let byUID: String

        /// Those of one table; `condition` is what else must hold of a row `t` that is looked for by name.
        init(_ table: Table, where condition: String? = nil) {
            func has(_ column: String) -> Bool { table.columns.contains { $0.name == column } }
            let namespace = has("namespace") ? "t.namespace" : "''"
            let order = has("namespace") ? "t.namespace, t.name" : "t.name"
            let kind = has("kind") ? "t.kind = $1" : "$1::text IS NOT NULL"
            let select = "SELECT to_jsonb(t) AS row FROM \(table.name) t"
            let these = kind + (condition.map { " AND \($0)" } ?? "")
            get = "\(select) WHERE \(these) AND \(namespace) = $2::text AND t.name = $3"
            list =
                "\(select) WHERE \(these) AND ($2::text IS NULL OR \(namespace) = $2) "
                + "AND ($3::text IS NULL OR t.name = $3) AND (\(namespace), t.name) > ($4::text, $5::text) "
                + "ORDER BY \(order) LIMIT $6::bigint"
            byUID = "\(select) WHERE t.uid = ANY($1::text[])"
        }

        /// Those of two tables whose rows have namespaces; no name is in both.
        init(_ one: Texts, and other: Texts) {
            get = "\(one.get) UNION ALL \(other.get)"
            // Each gives its first rows in order, so that no more than two pages are sorted.
            list =
                "SELECT u.row FROM ((\(one.list)) UNION ALL (\(other.list))) u "
                + "ORDER BY (u.row ->> 'namespace') COLLATE \"C\", (u.row ->> 'name') COLLATE \"C\" "
                + "LIMIT $6::bigint"
            byUID = "\(one.byUID) UNION ALL \(other.byUID)"
        }
    }

    /// Makes the object of a row's document.
    let object: @Sendable (Value) throws -> Object
    /// By kind, namespace ('' for none) and name.
    let get: TableStatement
    /// By kind, namespace and name (either null for any), after (namespace, name), a limit.
    let list: TableStatement
    /// By an array of uids.
    let byUID: TableStatement

    private init(_ texts: Texts, object: @escaping @Sendable (Value) throws -> Object) {
        self.object = object
        get = TableStatement(sql: texts.get)
        list = TableStatement(sql: texts.list)
        byUID = TableStatement(sql: texts.byUID)
    }

    private static func of<Record: ShownRecord & Decodable>(_ type: Record.Type, _ table: Table) -> ShownTable
    {
        ShownTable(Texts(table)) { try shown($0, as: type, table) }
    }

    /// Declared objects beside records of the same kind.
    ///
    /// A declared object is not given a name that a record has; a record that is given the name of a declared
    /// object later stays out of sight, so that what is shown under a name is what can be written under it.
    private static func declared<Record: ShownRecord & Decodable>(
        beside type: Record.Type,
        _ table: Table
    ) -> ShownTable {
        let isFree = """
            NOT EXISTS (SELECT FROM objects o
                WHERE o.kind = $1 AND o.namespace = t.namespace AND o.name = t.name)
            """
        return ShownTable(Texts(Texts(.objects), and: Texts(table, where: isFree))) { row in
            // Only objects have a kind in their rows; a table of records is of one kind.
            row["kind"] == nil ? try shown(row, as: type, table) : try Stored(row: row).shown
        }
    }

    private static func shown<Record: ShownRecord & Decodable>(
        _ row: Value,
        as type: Record.Type,
        _ table: Table
    ) throws -> Object {
        try table.decode(row, as: Record.self).object(resourceVersion: row.resourceVersion)
    }

    /// The table of declared objects, of every kind.
    static let declared = ShownTable(Texts(.objects)) { try Stored(row: $0).shown }

    /// Those of the kinds that controllers write.
    private static let live: [String: ShownTable] = [
        WorkItemRecord.kind: declared(beside: WorkItemRecord.self, .workItems),
        TaskRecord.kind: of(TaskRecord.self, .tasks),
        AttemptRecord.kind: of(AttemptRecord.self, .attempts),
        HandoffRecord.kind: of(HandoffRecord.self, .handoffs),
        GateRecord.kind: of(GateRecord.self, .gates),
        EscalationRecord.kind: of(EscalationRecord.self, .escalations),
        WorkerRecord.kind: of(WorkerRecord.self, .workers),
        RuntimeRecord.kind: of(RuntimeRecord.self, .runtimes),
        RevisionRecord.kind: of(RevisionRecord.self, .revisions),
    ]

    /// Every shown table; a test explains their statements.
    static let all: [ShownTable] = [declared] + live.values

    /// The rows of a kind; nil for a kind that is unknown or, like Event, read in another way.
    static func of(kind name: String) -> ShownTable? {
        guard let kind = Kind.named(name) else { return nil }
        return live[name] ?? (kind.isDeclared ? declared : nil)
    }
}

extension Stored {
    /// A declared object of its row's document.
    init(row: Value) throws {
        let columns: ObjectRow = try Table.objects.decode(row)
        var metadata = Metadata(
            name: columns.name,
            namespace: columns.namespace.isEmpty ? nil : columns.namespace
        )
        metadata.labels = columns.labels.isEmpty ? nil : columns.labels
        metadata.annotations = columns.annotations.isEmpty ? nil : columns.annotations
        metadata.uid = columns.uid
        metadata.generation = columns.generation
        metadata.resourceVersion = row.resourceVersion
        metadata.creationTimestamp = columns.createdAt
        metadata.deletionTimestamp = columns.deletionAt
        self.init(
            object: Object(
                kind: columns.kind,
                metadata: metadata,
                spec: columns.spec,
                status: columns.status
            ),
            digest: columns.digest,
            origin: columns.origin
        )
    }

    /// The document of this object's row.
    func row() throws -> Value {
        let metadata = object.metadata
        guard let uid = metadata.uid, let generation = metadata.generation,
            let created = metadata.creationTimestamp, let version = metadata.resourceVersion
        else { throw Failure(.internal, "An object without identity cannot be written: \(object.key)") }
        let columns = ObjectRow(
            uid: uid,
            kind: object.kind,
            namespace: metadata.namespace ?? "",
            name: metadata.name,
            generation: generation,
            labels: metadata.labels ?? [:],
            annotations: metadata.annotations ?? [:],
            spec: object.spec ?? .object([:]),
            digest: digest,
            source: origin.gitSource,
            origin: origin,
            status: object.status,
            createdAt: created,
            deletionAt: metadata.deletionTimestamp
        )
        return try Table.objects.row(columns, volatile: ["resource_version": .integer(version.number)])
    }
}

private struct ObjectRow: Codable {
    var uid: UID
    var kind: String
    var namespace: String
    var name: String
    var generation: Int64
    var labels: [String: String]
    var annotations: [String: String]
    var spec: Value
    var digest: Digest
    var source: String?
    var origin: Origin
    var status: Value?
    var createdAt: Timestamp
    var deletionAt: Timestamp?
}
