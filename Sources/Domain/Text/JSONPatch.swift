/// Why a JSON patch was not applied.
package enum JSONPatchError: Error, Sendable, Hashable {
    /// It is no patch; the message says what of it is wrong.
    case malformed(String)
    /// It does not fit the value, or a test of it failed.
    case inapplicable(String)
}

/// A list of changes of a value, all of which are made or none.
///
/// *Source*: RFC 6902, with the pointers of RFC 6901.
package struct JSONPatch: Sendable {
    private static let operationLimit = 1_000
    /// Values that the operations may copy together: a short patch could double a value with each line.
    private static let copyLimit = 100_000

    private enum Operation: Sendable {
        case add(JSONPointer, Value)
        case remove(JSONPointer)
        case replace(JSONPointer, Value)
        case move(JSONPointer, to: JSONPointer)
        case copy(JSONPointer, to: JSONPointer)
        case test(JSONPointer, Value)
    }

    private let operations: [Operation]

    /// Reads a patch; *throws* `JSONPatchError.malformed`.
    package init(_ value: Value) throws(JSONPatchError) {
        guard let list = value.array else { throw .malformed("a JSON patch must be a list of operations") }
        guard list.count <= Self.operationLimit else {
            throw .malformed("a JSON patch must have at most \(Self.operationLimit) operations")
        }
        var operations: [Operation] = []
        for (index, element) in list.enumerated() {
            operations.append(try Self.operation(element, "operation \(index)"))
        }
        self.operations = operations
    }

    /// The value after the changes; *throws* `JSONPatchError.inapplicable`.
    package func applied(to value: Value) throws(JSONPatchError) -> Value {
        var value = value
        var room = Self.copyLimit
        for operation in operations {
            switch operation {
            case .add(let path, let new): try value.change(path, .add(new))
            case .remove(let path): try value.change(path, .remove)
            case .replace(let path, let new): try value.change(path, .replace(new))
            case .move(let from, let to):
                let moved = try value.part(at: from, &room)
                try value.change(from, .remove)
                try value.change(to, .add(moved))
            case .copy(let from, let to): try value.change(to, .add(value.part(at: from, &room)))
            case .test(let path, let expected):
                guard try value.value(at: path) == expected else {
                    throw .inapplicable("the test of \(path.text) failed")
                }
            }
        }
        return value
    }

    private static func operation(_ value: Value, _ name: String) throws(JSONPatchError) -> Operation {
        func pointer(_ key: String) throws(JSONPatchError) -> JSONPointer {
            guard let pointer = value[key]?.string.flatMap(JSONPointer.init) else {
                throw .malformed("\(name) must have a JSON pointer as '\(key)', such as /spec/priority")
            }
            return pointer
        }
        func operand() throws(JSONPatchError) -> Value {
            guard let operand = value["value"] else { throw .malformed("\(name) must have a 'value'") }
            return operand
        }
        let path = try pointer("path")
        switch value["op"]?.string {
        case "add": return .add(path, try operand())
        case "remove": return .remove(path)
        case "replace": return .replace(path, try operand())
        case "copy": return .copy(try pointer("from"), to: path)
        case "test": return .test(path, try operand())
        case "move":
            let from = try pointer("from")
            guard !path.steps.starts(with: from.steps) else {
                throw .malformed("\(name) must not move a value into itself")
            }
            return .move(from, to: path)
        default: throw .malformed("\(name) must have the 'op' add, remove, replace, move, copy or test")
        }
    }
}

/// Which value of a value is meant.
///
/// *Source*: RFC 6901.
private struct JSONPointer: Sendable {
    /// Values are no deeper than what a reader of JSON accepts.
    static let depthLimit = 200

    let text: String
    let steps: [String]

    /// Bytes, because to Swift a slash with an accent behind it is no slash.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.first?.isEmpty == true, parts.count <= Self.depthLimit else { return nil }
        self.text = text
        steps = parts.dropFirst().map(Self.unescaped)
    }

    /// `~1` is a slash, and `~0` a tilde.
    private static func unescaped(_ part: Substring.UTF8View) -> String {
        let pieces = part.split(separator: UInt8(ascii: "~"), omittingEmptySubsequences: false)
        let rest = pieces.dropFirst().map { piece -> [UInt8] in
            switch piece.first {
            case UInt8(ascii: "0"): Array("~".utf8) + piece.dropFirst()
            case UInt8(ascii: "1"): Array("/".utf8) + piece.dropFirst()
            default: Array("~".utf8) + piece
            }
        }
        return String(decoding: Array(pieces[0]) + rest.joined(), as: UTF8.self)
    }

    func missing() -> JSONPatchError { .inapplicable("there is nothing at \(text)") }
}

private enum JSONEdit {
    case add(Value)
    case remove
    case replace(Value)
}

extension Value {
    fileprivate func value(at pointer: JSONPointer) throws(JSONPatchError) -> Value {
        var value = self
        for step in pointer.steps {
            guard let child = value.child(step) else { throw pointer.missing() }
            value = child
        }
        return value
    }

    /// What is to be put elsewhere; `room` is for how many values there still is.
    fileprivate func part(at pointer: JSONPointer, _ room: inout Int) throws(JSONPatchError) -> Value {
        let part = try value(at: pointer)
        guard part.fits(&room, depth: JSONPointer.depthLimit) else {
            throw .inapplicable("what lies at \(pointer.text) is too large or too deep to be put elsewhere")
        }
        return part
    }

    fileprivate mutating func change(
        _ pointer: JSONPointer,
        _ edit: JSONEdit
    ) throws(JSONPatchError) {
        try change(pointer.steps[...], pointer, edit)
    }

    private mutating func change(
        _ steps: ArraySlice<String>,
        _ pointer: JSONPointer,
        _ edit: JSONEdit
    ) throws(JSONPatchError) {
        guard let step = steps.first else {
            switch edit {
            case .add(let new), .replace(let new): self = new
            case .remove: throw .inapplicable("the whole object cannot be removed")
            }
            return
        }
        guard steps.count > 1 else { return try changeMember(step, pointer, edit) }
        guard var child = child(step) else { throw pointer.missing() }
        try child.change(steps.dropFirst(), pointer, edit)
        try changeMember(step, pointer, .replace(child))
    }

    private mutating func changeMember(
        _ step: String,
        _ pointer: JSONPointer,
        _ edit: JSONEdit
    ) throws(JSONPatchError) {
        switch (self, edit) {
        case (.object(var members), _):
            if case .add = edit {} else if members[step] == nil { throw pointer.missing() }
            members[step] = edit.value
            self = .object(members)
        case (.array(var elements), .add(let new)):
            guard let index = step == "-" ? elements.count : arrayIndex(step), index <= elements.count else {
                throw pointer.missing()
            }
            elements.insert(new, at: index)
            self = .array(elements)
        case (.array(var elements), _):
            guard let index = arrayIndex(step), index < elements.count else { throw pointer.missing() }
            elements.replaceSubrange(index...index, with: edit.value.map { [$0] } ?? [])
            self = .array(elements)
        default: throw pointer.missing()
        }
    }

    private func child(_ step: String) -> Value? {
        switch self {
        case .object(let members): members[step]
        case .array(let elements): arrayIndex(step).flatMap { $0 < elements.count ? elements[$0] : nil }
        default: nil
        }
    }

    private func fits(_ room: inout Int, depth: Int) -> Bool {
        room -= 1
        guard room >= 0, depth > 0 else { return false }
        switch self {
        case .array(let elements): return elements.allSatisfy { $0.fits(&room, depth: depth - 1) }
        case .object(let members): return members.values.allSatisfy { $0.fits(&room, depth: depth - 1) }
        default: return true
        }
    }
}

extension JSONEdit {
    /// What stands there afterwards; nil for nothing.
    fileprivate var value: Value? {
        switch self {
        case .add(let value), .replace(let value): value
        case .remove: nil
        }
    }
}

/// An index as RFC 6901 writes it: digits without zeros in front.
private func arrayIndex(_ step: String) -> Int? {
    guard step.utf8.allSatisfy({ (48...57).contains($0) }), step == "0" || !step.hasPrefix("0") else {
        return nil
    }
    return Int(step)
}
