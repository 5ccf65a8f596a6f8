internal import Domain

/// One node of a YAML document with the place it was read from.
struct YAMLNode: Sendable {
    enum Style: Sendable { case plain, quoted, block }

    struct Entry: Sendable {
        let key: YAMLNode
        /// The text of the key.
        let name: String
        let value: YAMLNode
    }

    enum Content: Sendable {
        case scalar(String, Style)
        case sequence([YAMLNode])
        /// In the order of the file, keys unique; incomplete when an entry was refused and left out.
        case mapping([Entry], isComplete: Bool)
        /// Something a diagnostic was already given for; readers pass over it.
        case refused
    }

    let content: Content
    let span: TextSpan
}

extension YAMLNode {
    /// The text of a scalar of any style.
    var text: String? {
        guard case .scalar(let text, _) = content else { return nil }
        return text
    }

    /// The entries of a mapping.
    var entries: [Entry]? {
        guard case .mapping(let entries, _) = content else { return nil }
        return entries
    }

    /// Whether nothing stands here: a plain scalar without text.
    var isEmpty: Bool {
        guard case .scalar("", .plain) = content else { return false }
        return true
    }

    /// What this is, for people: `a list`, `a mapping`, `a number`.
    var noun: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .refused: "unreadable"
        case .scalar("", .plain): "empty"
        case .scalar(let text, .plain): PlainReading(text).noun
        case .scalar: "a text"
        }
    }
}

extension TextSpan {
    /// The first place of a text, for what has no place of its own.
    static let whole = TextSpan(start: .init(line: 1, column: 1), end: .init(line: 1, column: 1))

    /// The stretch of `count` scalars that starts where this one does.
    func first(_ count: Int) -> TextSpan {
        TextSpan(start: start, end: TextPosition(line: start.line, column: start.column + count))
    }
}

extension YAMLNode {
    /// The node of a JSON value, so that what comes through a door is judged by the same rules as a file.
    init(_ value: Value) {
        let content: Content =
            switch value {
            case .string(let text): .scalar(text, .quoted)
            case .array(let elements): .sequence(elements.map { YAMLNode($0) })
            case .object(let members):
                .mapping(
                    members.sorted { $0.key < $1.key }.map { key, value in
                        Entry(
                            key: YAMLNode(content: .scalar(key, .quoted), span: .whole),
                            name: key,
                            value: YAMLNode(value)
                        )
                    },
                    isComplete: true
                )
            default: .scalar(value.canonicalJSON, .plain)
            }
        self.init(content: content, span: .whole)
    }
}
