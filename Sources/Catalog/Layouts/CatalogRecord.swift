internal import Domain

/// What a file of a community catalog says that its object has no field for, so that the file can be written
/// again from the object alone.
///
/// It is an annotation of the object: JSON with the file's path, its place among its like, and the difference
/// between what the object gives and what the files said.
struct CatalogRecord {
    static let key = "agirunner.dev/catalog"
    static let author = "agirunner.dev/author"
    static let tags = "agirunner.dev/tags"
    static let readme = "agirunner.dev/readme"
    static let whenToUse = "agirunner.dev/when-to-use"
    static let category = "agirunner.dev/category"
    static let stability = "agirunner.dev/stability"

    /// Annotations that only serve to write the files again.
    static let forFilesOnly: Set<String> = [key, readme]

    var members: [String: Value]

    init(path: String, position: Int) {
        members = ["path": .string(path), "position": .integer(Int64(position))]
    }

    /// The record of an object; nil when it comes from no catalog.
    init?(_ object: Object) {
        guard let text = object.metadata.annotations?[Self.key],
            // An annotation that a person spoiled is as good as none.
            let members = (try? Value(json: text))?.object
        else { return nil }
        self.members = members
    }

    var path: String { members["path"]?.string ?? "" }
    var position: Int64 { members["position"]?.integer ?? 0 }

    /// Remembers how what a file said differs from what the object gives.
    mutating func note(_ name: String, said: Value, given: Value) {
        guard said != given else { return }
        let patch = said.mergePatch(from: given)
        // A patch cannot say null, which a file can.
        members[name] = given.merging(patch) == said ? ["patch": patch] : ["whole": said]
    }

    /// What the file said, from what the object gives.
    func restored(_ name: String, given: Value) -> Value {
        guard let difference = members[name] else { return given }
        return difference["whole"] ?? given.merging(difference["patch"] ?? [:])
    }

    var text: String { Value.object(members).canonicalJSON }
}

extension YAMLNode {
    /// The value of a node as YAML 1.2 has it; a scalar on which readers disagree is a text.
    var value: Value {
        switch content {
        case .refused: .null
        case .sequence(let nodes): .array(nodes.map(\.value))
        case .mapping(let entries, _):
            .object(
                Dictionary(entries.map { ($0.name, $0.value.value) }, uniquingKeysWith: { first, _ in first })
            )
        case .scalar(let text, .plain):
            switch PlainReading(text) {
            case .null: .null
            case .boolean(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .number(let number): .number(number)
            case .text, .disputed: .string(text)
            }
        case .scalar(let text, _): .string(text)
        }
    }

    /// A text that stands for what was read at a place.
    static func text(_ text: String, _ span: TextSpan) -> YAMLNode {
        YAMLNode(content: .scalar(text, .quoted), span: span)
    }

    /// A number or truth value that stands for what was read at a place.
    static func plain(_ text: String, _ span: TextSpan) -> YAMLNode {
        YAMLNode(content: .scalar(text, .plain), span: span)
    }

    static func list(_ nodes: [YAMLNode], _ span: TextSpan) -> YAMLNode {
        YAMLNode(content: .sequence(nodes), span: span)
    }

    /// A mapping of the members that are there.
    static func mapping(_ members: [(String, YAMLNode?)], _ span: TextSpan) -> YAMLNode {
        let entries = members.compactMap { name, value in
            value.map { Entry(key: .text(name, $0.span), name: name, value: $0) }
        }
        return YAMLNode(content: .mapping(entries, isComplete: true), span: span)
    }
}
