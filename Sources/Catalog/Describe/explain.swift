internal import Domain

/// The explanation of a kind's field for a terminal; nil when there is no such kind or field.
///
/// `path` goes down from the envelope: `["spec", "stages", "gate"]`; empty means the kind itself.
package func explain(kind: String, path: [String] = []) -> String? {
    guard let shape = Registry.shape(for: kind) else { return nil }
    var lines = ["KIND:     \(kind)", "VERSION:  \(Kind.apiVersion)", ""]
    var fields: Fields? = shape.root
    var doc = shape.description
    if !path.isEmpty {
        guard let field = field(path, of: shape) else { return nil }
        lines += ["FIELD:    \(path.joined(separator: ".")) <\(field.type.label)>\(tag(field))", ""]
        doc = ([field.description] + field.type.rules.map(sentence)).joined(separator: "\n    ")
        fields = field.type.fields
    }
    lines += ["DESCRIPTION:", "    \(doc)"]
    if let fields {
        lines += ["", "FIELDS:"]
        for field in fields.all {
            lines += ["  \(field.name) <\(field.type.label)>\(tag(field))", "    \(field.description)"]
        }
        if !fields.exactlyOne.isEmpty {
            lines += ["", "  Exactly one of \(fields.exactlyOne.joined(separator: ", ")) must be there."]
        }
    }
    return lines.joined(separator: "\n")
}

/// The names of the fields at a path, in the order of the shape; empty when there are none.
package func fieldNames(kind: String, path: [String]) -> [String] {
    guard let shape = Registry.shape(for: kind) else { return [] }
    let fields = path.isEmpty ? shape.root : field(path, of: shape)?.type.fields
    return fields?.all.map(\.name) ?? []
}

/// The explanation of a diagnostic's code for a terminal; nil when there is no such code.
package func explain(code: String) -> String? {
    Code(rawValue: code).map {
        "\($0.rawValue): \($0.title)\($0.severity == .warning ? " (warning)" : "")\n\n\($0.explanation)"
    }
}

private func field(_ path: [String], of shape: Shape) -> Field? {
    var fields: Fields? = shape.root
    var found: Field?
    for name in path {
        found = fields?[name]
        fields = found?.type.fields
    }
    return found
}

/// A rule, which is a phrase, as a sentence.
private func sentence(_ rule: String) -> String {
    let keys = "keys are "
    guard !rule.hasPrefix(keys) else { return "Its keys must be \(rule.dropFirst(keys.count))." }
    return rule.contains(" element") ? "Must have \(rule)." : "Must be \(rule)."
}

private func tag(_ field: Field) -> String { field.presenceText.map { " (\($0))" } ?? "" }
