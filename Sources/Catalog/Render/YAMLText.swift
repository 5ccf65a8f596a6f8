package import Domain

/// Writes values as YAML that reads back as the same value.
package struct YAMLText {
    private static let firstKeys = ["apiVersion", "kind", "metadata", "spec", "status"]

    /// An object of the API: the envelope's keys first, the name first within the metadata.
    ///
    /// `order` has the keys that come first wherever they stand, for what is no object of the API.
    package static func document(_ value: Value, order: [String] = []) -> String {
        var writer = YAMLText(order: order)
        writer.write(value, depth: 0)
        return writer.text
    }

    private let keyOrder: [String]
    private var text = ""

    private init(order: [String]) { keyOrder = order }

    private mutating func write(_ value: Value, depth: Int) {
        switch value {
        case .object(let members) where !members.isEmpty:
            for key in order(members.keys) {
                writeKey(Self.scalar(key), depth: depth)
                writeMember(members[key] ?? .null, depth: depth)
            }
        case .array(let elements) where !elements.isEmpty:
            for element in elements { writeElement(element, depth: depth) }
        default: text += indent(depth) + inline(value) + "\n"
        }
    }

    /// Readers look for the colon of a key without a question mark within 1,024 characters.
    ///
    /// *Source*: YAML 1.2.2, section 8.2.2 (implicit keys).
    private mutating func writeKey(_ key: String, depth: Int) {
        text +=
            key.utf8.count < 1000 ? indent(depth) + key : indent(depth) + "? " + key + "\n" + indent(depth)
        text += ":"
    }

    private mutating func writeMember(_ value: Value, depth: Int) {
        switch value {
        case .object(let members) where !members.isEmpty:
            text += "\n"
            write(value, depth: depth + 1)
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            write(value, depth: depth)
        case .string(let string) where string.contains("\n"): writeBlock(string, depth: depth + 1)
        default: text += " " + inline(value) + "\n"
        }
    }

    /// A list element: its first line stands behind the dash.
    private mutating func writeElement(_ value: Value, depth: Int) {
        var inner = YAMLText(order: keyOrder)
        inner.write(value, depth: depth + 1)
        text += indent(depth) + "- " + inner.text.dropFirst((depth + 1) * 2)
    }

    private mutating func writeBlock(_ string: String, depth: Int) {
        let isPlain = string.unicodeScalars.allSatisfy { $0 == "\n" || Self.isPlain($0) }
        // The indentation of the first line is read as that of all, whatever accent its space may have.
        let first = string.unicodeScalars.first
        guard isPlain, first != " ", first != "\n", !string.hasSuffix("\n\n") else {
            text += " " + Self.quoted(string) + "\n"
            return
        }
        text += string.hasSuffix("\n") ? " |\n" : " |-\n"
        var lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        if string.hasSuffix("\n") { lines.removeLast() }
        for line in lines { text += line.isEmpty ? "\n" : indent(depth) + line + "\n" }
    }

    private func inline(_ value: Value) -> String {
        switch value {
        case .string(let string): Self.scalar(string)
        default: value.canonicalJSON
        }
    }

    /// A string bare when no YAML reader takes it for something else, else in JSON's quotes, which YAML
    /// shares.
    private static func scalar(_ text: String) -> String {
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~", ""]
        let isSafe =
            !words.contains(text.lowercased())
            && text.first.map { $0.isASCII && ($0.isLetter || "/_".contains($0)) } ?? false
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }
            && !text.contains(": ") && !text.contains(" #") && !text.hasSuffix(":") && !text.hasSuffix(" ")
        return isSafe ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in Value.string(text).canonicalJSON.unicodeScalars {
            if isPlain(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result
    }

    /// Whether YAML takes a character as it is; the others it refuses or takes for a line break, and JSON
    /// leaves most of them alone.
    ///
    /// *Source*: YAML 1.1, sections 5.1 and 5.4, as libyaml reads them.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...: true
        default: false
        }
    }

    private func order(_ keys: Dictionary<String, Value>.Keys) -> [String] {
        let usual = keys.contains("kind") ? Self.firstKeys : ["name", "namespace"]
        let first = keyOrder.isEmpty ? usual : keyOrder
        return keys.sorted { left, right in
            let a = first.firstIndex(of: left) ?? first.count
            let b = first.firstIndex(of: right) ?? first.count
            return a == b ? left < right : a < b
        }
    }

    private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}
