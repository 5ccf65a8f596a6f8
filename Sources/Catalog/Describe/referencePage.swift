internal import Domain

/// The reference page of a kind in Markdown, ending with a newline; nil for an unknown kind.
///
/// `example` is a file that declares one.
package func referencePage(kind: String, example: String) -> String? {
    guard let shape = Registry.shape(for: kind) else { return nil }
    let scope = shape.kind.isNamespaced ? "belongs to a namespace" : "belongs to no namespace"
    var lines = [
        "# \(kind)", "", shape.description, "",
        "`apiVersion: \(Kind.apiVersion)`, `kind: \(kind)`; \(scope). `agirunner get \(shape.kind.plural)`.",
        "",
        "| field | type | | meaning |", "|---|---|---|---|",
    ]
    appendRows(shape.spec, below: "spec", to: &lines)
    let text = example.hasSuffix("\n") ? String(example.dropLast()) : example
    lines += ["", "## Example", "", "```yaml", text, "```"]
    return lines.joined(separator: "\n") + "\n"
}

/// The page of all diagnostics in Markdown, ending with a newline.
package func diagnosticsPage() -> String {
    var lines = [
        "# Diagnostics", "", "`agirunner explain code REF003` prints one of them.", "",
        "| code | severity | title | meaning |",
        "|---|---|---|---|",
    ]
    lines += Code.allCases.map {
        "| \($0.rawValue) | \($0.severity.rawValue) | \($0.title) | \($0.explanation) |"
    }
    return lines.joined(separator: "\n") + "\n"
}

private func appendRows(_ fields: Fields, below path: String, to lines: inout [String]) {
    if !fields.exactlyOne.isEmpty {
        let names = fields.exactlyOne.map { "`\($0)`" }.joined(separator: ", ")
        lines.append("| `\(path)` | | | Exactly one of \(names) must be there. |")
    }
    for field in fields.all {
        let name = "\(path).\(field.name)"
        let rules = field.type.rules
        let meaning = field.description + (rules.isEmpty ? "" : " (\(rules.joined(separator: "; ")))")
        let cells = [
            "`\(name)`", "`\(field.type.label)`", field.presenceText.map { "`\($0)`" } ?? "", meaning,
        ]
        lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
        if let inner = field.type.fields { appendRows(inner, below: name + mark(field.type), to: &lines) }
    }
}

private func mark(_ type: FieldType) -> String {
    switch type {
    case .list: "[]"
    case .either(_, let type): mark(type)
    default: ""
    }
}
