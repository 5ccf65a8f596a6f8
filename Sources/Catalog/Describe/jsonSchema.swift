package import Domain

/// The JSON Schema (2020-12) of a kind's objects, as files declare them; nil for an unknown kind.
///
/// It says what one field can tell; references and meaning are checked by the loader alone.
package func jsonSchema(kind: String) -> Value? {
    guard let shape = Registry.shape(for: kind) else { return nil }
    var schema = schema(of: .object(shape.root))
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = .string(kind)
    schema["description"] = .string(shape.description)
    return schema
}

private func schema(of type: FieldType) -> Value {
    switch type {
    case .text(let rule): schema(of: rule)
    case .integer(let range):
        .members([
            "type": "integer", "minimum": .integer(range.lowerBound),
            "maximum": range.upperBound == .max ? nil : .integer(range.upperBound),
        ])
    case .boolean: ["type": "boolean"]
    case .anything: true
    case .list(let element, let minimum, let isUnique):
        .members([
            "type": "array", "items": schema(of: element),
            "minItems": minimum > 0 ? .integer(Int64(minimum)) : nil,
            "uniqueItems": isUnique ? true : nil,
        ])
    case .map(let value, _): ["type": "object", "additionalProperties": schema(of: value)]
    case .object(let fields): schema(of: fields)
    case .either(let word, let type): ["anyOf": .array([["const": .string(word)], schema(of: type)])]
    }
}

private func schema(of rule: TextRule) -> Value {
    guard rule.words.isEmpty else { return ["type": "string", "enum": .strings(rule.words)] }
    let bounds = [rule.shortest.map { ", at least \($0.text)" }, rule.longest.map { ", at most \($0.text)" }]
    let noun =
        rule.reference.map { "the name of a \($0)" }
        ?? rule.format.description.map {
            $0 + bounds.compactMap(\.self).joined()
        }
    return .members([
        "type": "string",
        "minLength": rule.length.lowerBound > 0 ? .integer(Int64(rule.length.lowerBound)) : nil,
        "maxLength": .integer(Int64(rule.length.upperBound)),
        "pattern": rule.format.pattern.map { .string($0) },
        "$comment": noun.map { .string($0) },
    ])
}

private func schema(of fields: Fields) -> Value {
    var properties: [String: Value] = [:]
    for field in fields.all {
        // A schema of anything is `true`, which says nothing.
        var property = schema(of: field.type).object ?? [:]
        property["description"] = .string(field.description)
        if let value = field.filled { property["default"] = value }
        properties[field.name] = .object(property)
    }
    let required = fields.all.filter(\.isRequired).map(\.name)
    return .members([
        "type": "object", "properties": .object(properties), "additionalProperties": false,
        "required": required.isEmpty ? nil : .strings(required),
        "oneOf": fields.exactlyOne.isEmpty
            ? nil : .array(fields.exactlyOne.map { ["required": .array([.string($0)])] }),
    ])
}

extension TextFormat {
    /// The format as a regular expression (ECMA-262), where one can say all of it.
    fileprivate var pattern: String? {
        switch self {
        case .dnsLabel: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
        case .namespaceOrAll: "^(\\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$"
        case .identifier: "^[a-z][a-z0-9_]*$"
        case .sealed: "^sealed\\.v1\\.[A-Za-z0-9_-]+$"
        case .catalogID: "^[a-z0-9][a-z0-9-]*$"
        case .parameterName: "^[a-z0-9][a-z0-9_-]*$"
        case .toolName: "^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$"
        case .variable: "^[A-Za-z_][A-Za-z0-9_]*$"
        case .kindName: "^(\\*|[A-Z][A-Za-z]*)$"
        case .digest: "^sha256:[0-9a-f]{64}$"
        case .commit: "^[0-9a-f]{40}$"
        case .money: "^[0-9]{1,9}(\\.[0-9]{1,9})?$"
        case .subject: "^(user|group|key|unix|signer):.+$"
        case .payloadPath: "^[A-Za-z0-9_][A-Za-z0-9_-]*(\\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$"
        case .headerName: "^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$"
        case .eventPattern: "^[a-z0-9_.*]{1,100}$"
        case .byteQuantity: "^[0-9]+([kMGT]|[KMGT]i)?$"
        default: nil
        }
    }
}
