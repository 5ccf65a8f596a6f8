internal import Domain

/// What a table holds: its columns, which of them are facts, and the statements that follow from that.
///
/// Rows travel as JSON documents whose members are the columns; Postgres turns them into columns and back.
struct Table: Sendable {
    enum ColumnType: String, Sendable, CaseIterable {
        case text, bigint, jsonb, timestamptz
        /// A bigint whose JSON form is a string.
        case position
    }

    struct Column: Sendable, Hashable {
        /// snake_case, as in SQL.
        let name: String
        let type: ColumnType
        /// Whether it is no fact: it moves without an event.
        let isVolatile: Bool
        /// camelCase, as records encode it.
        let member: String
    }

    let name: String
    let columns: [Column]
    /// Writes new rows: `$1` is an array of documents.
    let insert: TableStatement
    /// Writes facts and the resource version of rows that exist, found by uid.
    let update: TableStatement

    init(
        _ name: String,
        text: [String] = [],
        bigint: [String] = [],
        jsonb: [String] = [],
        timestamptz: [String] = [],
        position: [String] = [],
        volatile: Set<String> = []
    ) {
        let typed: [(ColumnType, [String])] = [
            (.text, text), (.bigint, bigint), (.jsonb, jsonb), (.timestamptz, timestamptz),
            (.position, position),
        ]
        let columns = typed.flatMap { type, names in
            names.map { name in
                Column(
                    name: name,
                    type: type,
                    isVolatile: volatile.contains(name),
                    member: name.memberName
                )
            }
        }
        let quoted = columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
        let set = columns.filter { $0.name != "uid" && (!$0.isVolatile || $0.name == "resource_version") }
            .map { "\"\($0.name)\" = r.\"\($0.name)\"" }.joined(separator: ", ")
        self.name = name
        self.columns = columns
        insert = TableStatement(
            sql: "INSERT INTO \(name) (\(quoted)) "
                + "SELECT \(quoted) FROM jsonb_populate_recordset(NULL::\(name), $1::jsonb)"
        )
        update = TableStatement(
            sql: "UPDATE \(name) t SET \(set) FROM jsonb_populate_recordset(NULL::\(name), $1::jsonb) r "
                + "WHERE t.uid = r.uid"
        )
    }
}

/// A statement that a table's definition gives.
struct TableStatement: Statement {
    let sql: String
}

extension Table {
    /// The document of a record's row; `volatile` adds what is not in the record.
    ///
    /// - Throws: `Failure.internal` when the record has a member without a column: it would silently be lost.
    func row(_ record: some Encodable, volatile: [String: Value] = [:]) throws -> Value {
        let members = try Value(encoding: record).object ?? [:]
        var document = volatile
        var found = 0
        for column in columns {
            guard let member = members[column.member] else { continue }
            found += 1
            document[column.name] = member
        }
        guard found == members.count else {
            let known = Set(columns.map(\.member))
            let lost = members.keys.filter { !known.contains($0) }.sorted().joined(separator: ", ")
            throw Failure(.internal, "Table \(name) has no column for \(lost)")
        }
        return .object(document)
    }

    /// The record of a row's document as `to_jsonb` gives it.
    func decode<Record: Decodable>(_ row: Value, as type: Record.Type = Record.self) throws -> Record {
        var members: [String: Value] = [:]
        for column in columns {
            guard let value = row[column.name], !value.isNull else { continue }
            if column.type == .position, case .integer(let number) = value {
                members[column.member] = .string(String(number))
            } else {
                members[column.member] = value
            }
        }
        return try Value.object(members).decode()
    }
}

extension Value {
    /// The `resource_version` of a row's document.
    var resourceVersion: Position { Position(self["resource_version"]?.integer ?? 0) }
}

extension String {
    /// `workflow_uid` as records call it: `workflowUID`.
    fileprivate var memberName: String {
        let parts = split(separator: "_")
        let rest = parts.dropFirst().map { part in
            part == "uid" ? "UID" : part.prefix(1).uppercased() + part.dropFirst()
        }
        return parts.prefix(1).joined() + rest.joined()
    }
}
