internal import Domain

/// A value of a file with the name of its field: what shapes and meaning checks look at.
struct Place: Sendable {
    /// How many bytes a name may have that goes on: each value inside has one of its own, and an author may
    /// choose long keys, nest them, and put a hundred thousand values below.
    private static let fieldLimit = 400

    let node: YAMLNode
    /// `spec.stages[2].roles[0]`; empty for the whole document.
    let field: String
    /// Where something missing in this value is shown: its key.
    let mark: TextSpan

    /// The whole document.
    init(root: YAMLNode) {
        node = root
        field = ""
        mark = root.entries?.first?.key.span ?? root.span.first(1)
    }

    private init(node: YAMLNode, in outer: String, _ step: String, mark: TextSpan) {
        self.node = node
        field = Self.field(outer, step)
        self.mark = mark
    }

    private init(node: YAMLNode, field: String, mark: TextSpan) {
        self.node = node
        self.field = field
        self.mark = mark
    }

    private static func field(_ outer: String, _ step: String) -> String {
        if outer.utf8.count <= fieldLimit, step.utf8.count <= fieldLimit { return outer + step }
        guard outer.unicodeScalars.last != "…" else { return outer }
        return String((outer + step).unicodeScalars.prefix(fieldLimit)) + "…"
    }

    /// The field's name for messages.
    var name: String { field.isEmpty ? "the document" : field }

    var text: String? { node.text }

    var integer: Int64? {
        guard case .scalar(let text, .plain) = node.content else { return nil }
        guard case .integer(let number) = PlainReading(text) else { return nil }
        return number
    }

    var isTrue: Bool {
        guard case .scalar(let text, .plain) = node.content else { return false }
        return PlainReading(text) == .boolean(true)
    }

    /// The value under a key.
    subscript(key: String) -> Place? {
        node.entries?.first { $0.name == key }.map(member)
    }

    /// The values of a mapping, in the order of the file.
    var members: [(name: String, key: YAMLNode, value: Place)] {
        (node.entries ?? []).map { ($0.name, $0.key, member($0)) }
    }

    /// The elements of a list; none when this is no list.
    var elements: [Place] {
        guard case .sequence(let nodes) = node.content else { return [] }
        return nodes.enumerated().map(element)
    }

    /// One element of a list, counted from 0; nil when there is none.
    subscript(index: Int) -> Place? {
        guard case .sequence(let nodes) = node.content, nodes.indices.contains(index) else { return nil }
        return element(index, nodes[index])
    }

    private func element(_ index: Int, _ element: YAMLNode) -> Place {
        Place(
            node: element,
            in: field,
            "[\(index)]",
            mark: element.entries?.first?.key.span ?? element.span.first(1)
        )
    }

    /// The elements of a list under a key; none when there is no such list.
    func list(_ key: String) -> [Place] { self[key]?.elements ?? [] }

    /// This mapping without some of its keys.
    func without(_ names: Set<String>) -> Place {
        guard case .mapping(let entries, let isComplete) = node.content else { return self }
        let rest = entries.filter { !names.contains($0.name) }
        return Place(
            node: YAMLNode(content: .mapping(rest, isComplete: isComplete), span: node.span),
            field: field,
            mark: mark
        )
    }

    private func member(_ entry: YAMLNode.Entry) -> Place {
        Place(
            node: entry.value,
            in: field,
            field.isEmpty ? entry.name : ".\(entry.name)",
            mark: entry.key.span
        )
    }
}
