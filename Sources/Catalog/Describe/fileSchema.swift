package import Domain

/// The JSON Schema of a kind's files as editors load it, with an `$id`; without a kind, that of all kinds.
///
/// Nil for a kind that is unknown or not declared. The `$id` names the format and its version; nothing has to
/// be reachable there.
package func fileSchema(kind: String?) -> Value? {
    guard let kind else { return schemaOfAllKinds }
    guard var schema = jsonSchema(kind: kind) else { return nil }
    schema["$id"] = .string("\(base)/\(kind.lowercased()).json")
    return schema
}

private let base = "https://\(Kind.apiVersion)/schemas"

private var schemaOfAllKinds: Value {
    var definitions: [String: Value] = [:]
    for shape in Registry.shapes {
        var schema = jsonSchema(kind: shape.kind.name) ?? true
        schema["$schema"] = nil
        definitions[shape.kind.name] = schema
    }
    let names = definitions.keys.sorted()
    // Of each kind alone: a mistake is then told in the words of the kind that the file names.
    let choices = names.map { name -> Value in
        [
            "if": ["properties": ["kind": ["const": .string(name)]], "required": ["kind"]],
            "then": ["$ref": .string("#/$defs/\(name)")],
        ]
    }
    return [
        "$id": .string("\(base)/all.json"),
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Agirunner",
        "description": "An object of any kind that can be declared.",
        "type": "object",
        "properties": ["kind": ["type": "string", "enum": .strings(names)]],
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "allOf": .array(choices),
        "$defs": .object(definitions),
    ]
}
