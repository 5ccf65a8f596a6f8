import Catalog
import Domain

/// A span of time with a tenth of a second while it is short: `0.4s`, `12.3s`, `3m20s`.
func span(_ duration: Duration) -> String {
    let tenths = duration.milliseconds / 100
    return tenths < 600 ? "\(tenths / 10).\(tenths % 10)s" : duration.roughText
}

/// A number of things: `1 error`, `3 errors`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// A cell for a value: the first line of a text, nothing as `<none>`.
///
/// Agents and tools write much of what is shown, and none of it may command the terminal of who reads it.
func cell(_ value: Value?) -> String {
    switch value {
    case nil, .null: "<none>"
    case .string(let text):
        text.isEmpty
            ? "<none>" : printable(text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "")
    case .some(let other): printable(other.canonicalJSON)
    }
}

/// A text of several lines that cannot command a terminal.
///
/// With an indent, all lines but the first have it, so that none of them looks like a line of ours.
func printableLines(_ text: String, indent: String = "") -> String {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    while lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { printable(String($0), keepsTabs: true) }.joined(separator: "\n\(indent)")
}

/// The value at a path such as `.status.conditions[0].reason`, `{.metadata.name}` or
/// `.status.conditions[?(@.type=="Ready")].status`, the one filter everybody uses.
///
/// `\.` is a dot within a key, as in `.metadata.labels.agirunner\.dev/workflow`.
func valueAt(path: String, in value: Value) -> Value? {
    var current: Value? = value
    var rest = path[...]
    if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = rest.dropFirst().dropLast() }
    while let next = rest.first, let found = current {
        if next == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            current = element(rest[..<end].dropFirst(), of: found)
            rest = rest[end...].dropFirst()
        } else {
            if next == "." { rest = rest.dropFirst() }
            let key = takeKey(from: &rest)
            // A dot alone, as in `.[0]`, is no step.
            if !key.isEmpty { current = found[key] }
        }
    }
    return current
}

private func takeKey(from path: inout Substring) -> String {
    var key = ""
    while let character = path.first, character != ".", character != "[" {
        path = path.dropFirst()
        key.append(character == "\\" ? path.popFirst() ?? character : character)
    }
    return key
}

/// The element of an array at an index, or the first one that a filter lets through.
private func element(_ selector: Substring, of value: Value) -> Value? {
    let elements = value.array ?? []
    if let index = Int(selector) { return elements.indices.contains(index) ? elements[index] : nil }
    guard selector.hasPrefix("?(@."), selector.hasSuffix(")") else { return nil }
    let sides = selector.dropFirst(4).dropLast().split(separator: "==", maxSplits: 1)
        .map { side in String(side.filter { !" \"'".contains($0) }) }
    guard sides.count == 2 else { return nil }
    return elements.first { element in
        element[sides[0]].map { $0.string ?? $0.canonicalJSON } == sides[1]
    }
}
