internal import CPQ
internal import Domain
internal import Glibc

/// What a statement answered, as text.
struct Rows: Sendable {
    private var columns: [String: Int] = [:]
    private var cells: [[String?]] = []
    /// How many rows a statement without an answer touched.
    private(set) var affected = 0

    init() {}

    init(result: OpaquePointer) {
        let width = unsafe PQnfields(result)
        for column in 0..<width {
            if let name = unsafe optionalText(PQfname(result, column)) { columns[name] = Int(column) }
        }
        affected = unsafe optionalText(PQcmdTuples(result)).flatMap(Int.init) ?? 0
        for row in 0..<(unsafe PQntuples(result)) {
            let texts = (0..<width).map { column in
                unsafe PQgetisnull(result, row, column) == 1
                    ? nil : optionalText(PQgetvalue(result, row, column))
            }
            cells.append(texts)
        }
    }

    var first: Row? { cells.first.map { Row(columns: columns, cells: $0) } }

    func map<Answer>(_ body: (Row) throws -> Answer) rethrows -> [Answer] {
        try cells.map { try body(Row(columns: columns, cells: $0)) }
    }
}

/// One row; reading a column that is missing or not of that type is a defect and fails as `corrupted`.
struct Row {
    fileprivate let columns: [String: Int]
    fileprivate let cells: [String?]

    func optional(_ column: String) throws -> String? {
        guard let index = columns[column] else { throw Failure(.corrupted, "A column is missing: \(column)") }
        return cells[index]
    }

    func text(_ column: String) throws -> String { try required(optional(column), column) }
    func integer(_ column: String) throws -> Int64 {
        try required(optional(column).flatMap(Int64.init), column)
    }
    func flag(_ column: String) throws -> Bool { try text(column) == "t" }
    func moment(_ column: String) throws -> Timestamp { try required(Timestamp(text(column)), column) }
    func position(_ column: String) throws -> Position { Position(try integer(column)) }
    func value(_ column: String) throws -> Value { try Value(json: text(column)) }
    func optionalValue(_ column: String) throws -> Value? { try optional(column).map { try Value(json: $0) } }

    /// The key in columns `kind`, `namespace` ('' for none) and `name`.
    func key() throws -> ObjectKey {
        let namespace = try text("namespace")
        return ObjectKey(
            try text("kind"),
            namespace: namespace.isEmpty ? nil : namespace,
            name: try text("name")
        )
    }

    private func required<Content>(_ content: Content?, _ column: String) throws -> Content {
        guard let content else { throw Failure(.corrupted, "A column cannot be read: \(column)") }
        return content
    }
}

/// What can stand for a parameter of a statement, as the text that Postgres reads.
protocol Bindable {
    var boundText: String { get }
}

extension String: Bindable { var boundText: String { self } }
extension Int: Bindable { var boundText: String { String(self) } }
extension Int64: Bindable { var boundText: String { String(self) } }
extension Bool: Bindable { var boundText: String { self ? "t" : "f" } }
extension Timestamp: Bindable { var boundText: String { description } }
extension Position: Bindable { var boundText: String { description } }
extension Identifier: Bindable { var boundText: String { text } }

/// Whole microseconds, which statements multiply with `interval '1 microsecond'`.
extension Duration: Bindable { var boundText: String { String(microseconds) } }

/// Canonical JSON. Postgres cannot hold U+0000 in a text, so it becomes U+FFFD.
extension Value: Bindable {
    var boundText: String {
        let text = canonicalJSON
        return text.mentionsNUL ? withoutNUL.canonicalJSON : text
    }

    private var withoutNUL: Value {
        switch self {
        case .string(let text): .string(text.replacingNUL)
        case .array(let elements): .array(elements.map(\.withoutNUL))
        case .object(let members):
            .object(
                Dictionary(
                    members.map { ($0.key.replacingNUL, $0.value.withoutNUL) },
                    uniquingKeysWith: { _, last in last }
                )
            )
        default: self
        }
    }
}

/// A Postgres array of texts.
extension [String]: Bindable {
    var boundText: String {
        let elements = map { text in
            "\"" + String(text.flatMap { "\"\\".contains($0) ? ["\\", $0] : [$0] }) + "\""
        }
        return "{\(elements.joined(separator: ","))}"
    }
}

extension String {
    /// This text with U+FFFD for every U+0000, which neither C strings nor Postgres can carry.
    var replacingNUL: String {
        guard utf8.contains(0) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}

extension String {
    /// Whether it has the escape of U+0000 in it, or something that looks like it.
    fileprivate var mentionsNUL: Bool {
        // The library's own search takes several times as long, and everything that is written passes here.
        unsafe withCString { unsafe strstr($0, "\\u0000") != nil }
    }
}
