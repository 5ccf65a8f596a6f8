internal import Domain

/// Checks inputs of tools against the part of JSON Schema that our tools are described with.
///
/// Known: `type`, `properties`, `required`, `additionalProperties: false`, `items`, `enum`, `minimum`,
/// `maximum`, `minLength`, `maxLength` (Unicode scalars) and `maxItems`.
struct InputSchema {
    let schema: Value

    /// What is wrong with an input, a sentence each; empty when nothing is.
    func problems(with input: Value) -> [String] { check(input, schema, at: "") }

    private func check(_ value: Value, _ schema: Value, at path: String) -> [String] {
        let subject = path.isEmpty ? "The input" : "`\(path)`"
        if let type = schema["type"]?.string, !isOf(type, value) {
            return ["\(subject) must be \(article(type)) \(type)"]
        }
        if let choices = schema["enum"]?.array, !choices.contains(value) {
            let list = choices.map { $0.string ?? $0.canonicalJSON }.joined(separator: ", ")
            return ["\(subject) must be one of: \(list)"]
        }
        return bounds(value, schema, subject) + members(value, schema, at: path)
            + elements(value, schema, at: path)
    }

    private func bounds(_ value: Value, _ schema: Value, _ subject: String) -> [String] {
        var problems: [String] = []
        if let number = value.integer {
            if let least = schema["minimum"]?.integer, number < least {
                problems.append("\(subject) must be at least \(least)")
            }
            if let most = schema["maximum"]?.integer, number > most {
                problems.append("\(subject) must be at most \(most)")
            }
        }
        if let count = value.string?.unicodeScalars.count {
            if let least = schema["minLength"]?.integer, count < least {
                problems.append(least == 1 ? "\(subject) must not be empty" : "\(subject) is too short")
            }
            if let most = schema["maxLength"]?.integer, count > most {
                problems.append("\(subject) must have at most \(most) characters; it has \(count)")
            }
        }
        if let count = value.array?.count, let most = schema["maxItems"]?.integer, count > most {
            problems.append("\(subject) must have at most \(most) elements; it has \(count)")
        }
        return problems
    }

    private func members(_ value: Value, _ schema: Value, at path: String) -> [String] {
        guard let members = value.object, let properties = schema["properties"]?.object else { return [] }
        var problems: [String] = []
        for name in schema["required"]?.array?.compactMap(\.string) ?? [] where members[name] == nil {
            problems.append("`\(path.isEmpty ? name : "\(path).\(name)")` is missing")
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            let place = path.isEmpty ? name : "\(path).\(name)"
            if let property = properties[name] {
                problems += check(member, property, at: place)
            } else if schema["additionalProperties"] == false {
                let near = nearestName(to: name, among: properties.keys.sorted())
                problems.append("`\(place)` is unknown" + (near.map { "; did you mean `\($0)`?" } ?? ""))
            }
        }
        return problems
    }

    private func elements(_ value: Value, _ schema: Value, at path: String) -> [String] {
        guard let elements = value.array, let items = schema["items"] else { return [] }
        return elements.enumerated().flatMap { check($1, items, at: "\(path)[\($0)]") }
    }

    private func isOf(_ type: String, _ value: Value) -> Bool {
        switch (type, value) {
        case ("string", .string), ("integer", .integer), ("boolean", .bool), ("array", .array),
            ("object", .object), ("number", .integer), ("number", .number):
            true
        default: false
        }
    }

    private func article(_ noun: String) -> String {
        noun.first.map { "aeiou".contains($0) } == true ? "an" : "a"
    }
}

/// A closed object schema of its properties.
func objectSchema(_ properties: [String: Value], required: [String] = []) -> Value {
    [
        "type": "object", "properties": .object(properties), "required": .strings(required),
        "additionalProperties": false,
    ]
}

/// A property that is a text.
func textSchema(_ description: String, maxLength: Int64? = nil, minLength: Int64? = nil) -> Value {
    .members([
        "type": "string", "description": .string(description), "maxLength": maxLength.map { .integer($0) },
        "minLength": minLength.map { .integer($0) },
    ])
}

/// A property that is a whole number within bounds.
func integerSchema(_ description: String, _ bounds: ClosedRange<Int64>? = nil) -> Value {
    .members([
        "type": "integer", "description": .string(description),
        "minimum": bounds.map { .integer($0.lowerBound) },
        "maximum": bounds.map { .integer($0.upperBound) },
    ])
}
