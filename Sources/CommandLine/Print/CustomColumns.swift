import Domain

/// Columns of one's own: `NAME:.metadata.name,COMMIT:.status.appliedCommit`.
struct CustomColumns {
    private let columns: [(header: String, path: String)]

    /// Reads `HEADER:PATH`, with commas between; *throws* a failure that shows the form.
    init(_ text: String) throws {
        columns = try text.split(separator: ",").map { column in
            let parts = column.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Self.failure(" and not '\(column)'") }
            return (parts[0], parts[1])
        }
        guard !columns.isEmpty else { throw Self.failure("") }
    }

    /// The table of some objects; no objects give no lines.
    func lines(_ objects: [Value], withHeaders: Bool) -> [String] {
        guard !objects.isEmpty else { return [] }
        var table = TableText(columns.map(\.header))
        for object in objects { table.add(columns.map { cell(valueAt(path: $0.path, in: object)) }) }
        return table.lines(withHeaders: withHeaders)
    }

    private static func failure(_ end: String) -> CommandFailure {
        CommandFailure("a custom column is HEADER:PATH, as in NAME:.metadata.name,\(end)")
    }
}
