import Domain

/// What all rows that readers are shown have in common.
extension Session {
    /// Inserts a row that no reader sees before `putShown` gives it its position.
    func insertShown(
        _ record: some Encodable,
        _ table: Table,
        volatile: [String: Value] = [:]
    ) throws {
        let volatile = volatile.merging(["resource_version": 0]) { $1 }
        try enqueue(table.insert, Value.array([try table.row(record, volatile: volatile)]))
    }

    /// Writes a locked row with its event and its change.
    ///
    /// - Returns: the position of the change, which is the row's resource version from now on.
    @discardableResult
    func putShown<Record: ShownRecord>(
        _ record: Record,
        _ table: Table,
        isNew: Bool = false,
        event: PlainEvent,
        subjectUID: UID?
    ) throws -> Position {
        let now = try now()
        let positions = try drawPositions(2)
        let row = try table.row(record, volatile: ["resource_version": .integer(positions[1].number)])
        try enqueue(table.update, Value.array([row]))
        try append(
            events: [Event(event, subjectUID: subjectUID, at: positions[0], time: now)],
            changes: [try ChangeRow(put: record, isNew: isNew, at: positions[1], time: now)]
        )
        return positions[1]
    }

    /// The rows of a statement that takes keys, as an array for each of their parts.
    func rows(_ statement: some Statement, of keys: [ObjectKey]) throws -> Rows {
        try rows(statement, keys.map(\.kind), keys.map { $0.namespace ?? "" }, keys.map(\.name))
    }
}
