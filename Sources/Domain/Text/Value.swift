/// A JSON value: the one shape that specs, facts, wire messages and digests share.
///
/// Objects are unordered here; ``canonicalJSON`` sorts their keys, so that the bytes have one order.
package enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([Value])
    case object([String: Value])
}

extension Value {
    /// The member of an object, or nil when this is no object or has no such key.
    package subscript(key: String) -> Value? {
        get {
            guard case .object(let members) = self else { return nil }
            return members[key]
        }
        set {
            var members = object ?? [:]
            members[key] = newValue
            self = .object(members)
        }
    }

    /// The text of a string, else nil.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The integer, else nil.
    package var integer: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    /// The truth value, else nil.
    package var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The elements of an array, else nil.
    package var array: [Value]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object, else nil.
    package var object: [String: Value]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// Whether this is JSON null.
    package var isNull: Bool { self == .null }

    /// The value below a path of object keys, nil where a step is missing.
    package func at(_ path: String...) -> Value? {
        path.reduce(Optional(self)) { value, key in value?[key] }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: Value...) { self = .array(elements) }

    /// Builds an object; of two equal keys the later one wins.
    package init(dictionaryLiteral elements: (String, Value)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, later in later }))
    }
}

extension Value {
    /// An object of the members that are not nil.
    package static func members(_ members: [String: Value?]) -> Value {
        .object(members.compactMapValues { $0 })
    }

    /// An array of strings.
    package static func strings(_ texts: some Sequence<String>) -> Value { .array(texts.map { .string($0) }) }

    /// The JSON merge patch (RFC 7386) that turns `old` into this value, which has no null member.
    ///
    /// *Shape*: for two objects an object of the keys that differ, null for a removed one; else this value
    /// itself.
    package func mergePatch(from old: Value) -> Value {
        guard case .object(let new) = self, case .object(let previous) = old else { return self }
        var patch: [String: Value] = [:]
        for (key, value) in new where previous[key] != value {
            patch[key] = previous[key].map { value.mergePatch(from: $0) } ?? value
        }
        for key in previous.keys where new[key] == nil { patch[key] = .null }
        return .object(patch)
    }

    /// This value with a JSON merge patch (RFC 7386) applied.
    package func merging(_ patch: Value) -> Value {
        guard case .object(let changes) = patch else { return patch }
        var members = object ?? [:]
        for (key, change) in changes {
            members[key] = change.isNull ? nil : (members[key] ?? .null).merging(change)
        }
        return .object(members)
    }
}
