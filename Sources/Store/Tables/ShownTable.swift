internal import Domain

/// A table whose rows are shown through the envelope, and the statements that read it for that.
struct ShownTable: Sendable {
    let table: Table
    /// Makes the object of a row's document.
    let object: @Sendable (Value) throws -> Object
    /// By kind, namespace ('' for none) and name.
    let get: TableStatement
    /// By kind, namespace and name (either null for any), after (namespace, name), a limit.
    let list: TableStatement
    /// By an array of uids.
    let byUID: TableStatement

    private init(_ table: Table, object: @escaping @Sendable (Value) throws -> Object) {
        func has(_ column: String) -> Bool { table.columns.contains { $0.name == column } }
        let namespace = has("namespace") ? "t.namespace" : "''"
        let order = has("namespace") ? "t.namespace, t.name" : "t.name"
        let kind = has("kind") ? "t.kind = $1" : "$1::text IS NOT NULL"
        let select = "SELECT to_jsonb(t) AS row FROM \(table.name) t"
        self.table = table
        self.object = object
        get = TableStatement(sql: "\(select) WHERE \(kind) AND \(namespace) = $2::text AND t.name = $3")
        list = TableStatement(
            sql: "\(select) WHERE \(kind) AND ($2::text IS NULL OR \(namespace) = $2) "
                + "AND ($3::text IS NULL OR t.name = $3) AND (\(namespace), t.name) > ($4::text, $5::text) "
                + "ORDER BY \(order) LIMIT $6::bigint"
        )
        byUID = TableStatement(sql: "\(select) WHERE t.uid = ANY($1::text[])")
    }

    private static func of<Record: ShownRecord & Decodable>(_ type: Record.Type, _ table: Table) -> ShownTable
    {
        ShownTable(table) { row in
            try table.decode(row, as: Record.self).object(resourceVersion: row.resourceVersion)
        }
    }

    /// The table of declared objects, of every kind.
    static let declared = ShownTable(.objects) { try Stored(row: $0).shown }

    private static let live: [String: ShownTable] = [
        WorkItemRecord.kind: of(WorkItemRecord.self, .workItems),
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

    /// The table that holds a kind; nil for a kind that is unknown or, like Event, read in another way.
    static func of(kind name: String) -> ShownTable? {
        guard let kind = Kind.named(name) else { return nil }
        return kind.isDeclared ? declared : live[name]
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
