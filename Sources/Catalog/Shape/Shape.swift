package import Domain

/// The one description of a kind: its fields, their rules and defaults, and what only their meaning tells.
///
/// Validation, defaults, `explain`, JSON Schema and the reference pages all come from it.
package struct Shape: Sendable {
    /// The kind as the API names it.
    package let kind: Kind
    /// What an object of the kind is, in one sentence.
    package let summary: String
    /// What `get` shows between the name and the age.
    package let columns: [Column]
    let spec: Fields
    /// Checks what no single field can tell; it is also called when fields are wrong, and must bear that.
    let check: @Sendable (Place, inout Findings) -> Void

    init(
        _ kind: String,
        _ summary: String,
        columns: [Column] = Column.readiness,
        spec: Fields,
        check: @escaping @Sendable (Place, inout Findings) -> Void = { _, _ in }
    ) {
        guard let named = Kind.named(kind) else {
            preconditionFailure("Every shape names a kind of Domain's table; \(kind) is none")
        }
        self.kind = named
        self.summary = summary
        self.columns = columns
        self.spec = spec
        self.check = check
    }
}

extension Shape {
    /// What an object of the kind is, and that it has no effect where that is so.
    var description: String {
        kind.isInert ? "\(summary) Nothing acts on it yet: it is checked and kept." : summary
    }

    /// What the values of a column are: `integer`, `boolean` or `string`.
    package func type(of column: Column) -> String {
        guard !column.isInteger else { return "integer" }
        var fields: Fields? = root
        var type: FieldType?
        for name in column.path {
            type = fields?[name]?.type
            fields = type?.fields
        }
        return switch type {
        case .integer: "integer"
        case .boolean: "boolean"
        default: "string"
        }
    }
}

/// One column of a table: its heading and where its value stands in the object.
package struct Column: Sendable, Hashable {
    package let title: String
    /// Keys from the envelope down: `["spec", "version"]`; in a list of conditions the type of one.
    package let path: [String]
    /// Where it stands in an object that has nothing there; empty: nowhere else.
    package let otherPath: [String]
    /// Whether it is shown only where there is room.
    package let isWide: Bool
    /// Whether it is a number of the status, which no field describes.
    let isInteger: Bool

    /// A column of a dotted path, and of one for the objects that have nothing there.
    package init(
        _ title: String,
        _ path: String,
        else otherPath: String = "",
        isWide: Bool = false,
        isInteger: Bool = false
    ) {
        self.title = title
        self.path = path.split(separator: ".").map(String.init)
        self.otherPath = otherPath.split(separator: ".").map(String.init)
        self.isWide = isWide
        self.isInteger = isInteger
    }

    /// How an object is doing: what most kinds show last.
    static let readiness = [
        Column("Ready", "status.conditions.Ready.status"),
        Column("Status", "status.conditions.Ready.message"),
    ]
}

/// The fields of a mapping.
struct Fields: Sendable, ExpressibleByArrayLiteral {
    let all: [Field]
    /// Of these fields exactly one must be there.
    var exactlyOne: [String] = []

    init(arrayLiteral elements: Field...) { all = elements }

    init(exactlyOne: [String], _ fields: [Field]) {
        all = fields
        self.exactlyOne = exactlyOne
    }

    subscript(name: String) -> Field? { all.first { $0.name == name } }

    /// These fields, each of which may be left out and then says nothing.
    var withoutDefaults: Fields {
        Fields(exactlyOne: exactlyOne, all.map { .optional($0.name, $0.type, $0.doc) })
    }

    /// An object with the default of every field that has one.
    var defaults: Value {
        .object(
            Dictionary(
                uniqueKeysWithValues: all.compactMap { field in field.filled.map { (field.name, $0) } }
            )
        )
    }
}

/// One field of a mapping.
struct Field: Sendable {
    enum Presence: Sendable {
        case required, optional
        case defaulted(Value)
    }

    let name: String
    let type: FieldType
    let presence: Presence
    /// What it says, in one sentence.
    let doc: String
    /// Whether it is checked and kept, and nothing acts on it yet.
    var isInert = false
    /// The only words with an effect as yet; nil when that is all of them.
    var effective: [String]?

    /// This field, on which nothing acts yet: its description says so, and a warning where it is used.
    var notYet: Field {
        var field = self
        field.isInert = true
        return field
    }

    /// This field, of whose words only these have an effect yet.
    func notYet(but effective: [String]) -> Field {
        var field = self
        field.effective = effective
        return field
    }

    /// What it says, and what of it has no effect where that is so.
    var description: String {
        if isInert { return "\(doc) Nothing acts on it yet." }
        return effective.map { "\(doc) As yet, \($0.joined(separator: ", ")) alone has an effect." } ?? doc
    }

    static func required(_ name: String, _ type: FieldType, _ doc: String) -> Field {
        Field(name: name, type: type, presence: .required, doc: doc)
    }

    static func optional(_ name: String, _ type: FieldType, _ doc: String) -> Field {
        Field(name: name, type: type, presence: .optional, doc: doc)
    }

    static func defaulted(_ name: String, _ type: FieldType, _ value: Value, _ doc: String) -> Field {
        Field(name: name, type: type, presence: .defaulted(value), doc: doc)
    }

    var isRequired: Bool {
        guard case .required = presence else { return false }
        return true
    }

    /// The default as it stands in a spec, with the defaults of what is inside.
    var filled: Value? {
        guard case .defaulted(let value) = presence else { return nil }
        guard case .object(let fields) = type else { return value }
        return fields.defaults.merging(value)
    }
}

/// What a field takes.
indirect enum FieldType: Sendable {
    case text(TextRule)
    case integer(ClosedRange<Int64>)
    case boolean
    /// Any JSON value.
    case anything
    case list(FieldType, minimum: Int = 0, isUnique: Bool = false)
    /// A mapping whose keys the author chooses.
    case map(FieldType, keys: TextFormat = .free)
    case object(Fields)
    /// A word, which is the same as leaving the field out, or a value.
    case either(word: String, FieldType)
}

extension FieldType {
    /// One line of text of limited length.
    static func line(_ limit: Int = 200) -> FieldType { .text(TextRule(format: .line, length: 1...limit)) }
    /// A text of several lines.
    static func prose(_ limit: Int = 20_000) -> FieldType {
        .text(TextRule(format: .free, length: 1...limit))
    }
    /// A text of a format.
    static func format(_ format: TextFormat) -> FieldType { .text(TextRule(format: format)) }
    /// An amount of time that is not shorter than one and not longer than another.
    static func duration(atLeast shortest: Duration, atMost longest: Duration? = nil) -> FieldType {
        .text(TextRule(format: .duration, shortest: shortest, longest: longest))
    }
    /// One of a few words.
    static func word(_ words: String...) -> FieldType { .text(TextRule(format: .line, words: words)) }
    /// The name of another object of the same namespace.
    static func reference(_ kind: String) -> FieldType {
        .text(TextRule(format: .dnsLabel, reference: kind))
    }
    /// Names that differ from each other.
    static func names(_ format: TextFormat, minimum: Int = 0) -> FieldType {
        .list(.format(format), minimum: minimum, isUnique: true)
    }

    /// What it is, as shown by `explain`: `[]string`.
    var label: String {
        switch self {
        case .text(let rule): rule.words.isEmpty ? "string" : rule.words.joined(separator: "|")
        case .integer: "integer"
        case .boolean: "boolean"
        case .anything: "any"
        case .list(let element, _, _): "[]" + element.label
        case .map(let value, _): "map[string]" + value.label
        case .object: "Object"
        case .either(let word, let type): "\(word)|\(type.label)"
        }
    }

    /// The fields of an object or of the objects of a list.
    var fields: Fields? {
        switch self {
        case .object(let fields): fields
        case .list(let element, _, _): element.fields
        case .map(let value, _): value.fields
        case .either(_, let type): type.fields
        default: nil
        }
    }
}

/// What a text must be.
struct TextRule: Sendable {
    var format: TextFormat
    var words: [String] = []
    /// In Unicode scalars.
    var length: ClosedRange<Int> = 1...2000
    /// The kind of the object that is named.
    var reference: String?
    /// The shortest amount of time, for a duration.
    var shortest: Duration?
    /// The longest one; nil for any.
    var longest: Duration?
}
