import Domain
import HTTPTypes
import Hummingbird

/// The OpenAPI document of all kinds, from which clients validate and explain.
struct OpenAPIDocument: Sendable {
    private static let path = "/openapi/v3/apis/\(Kind.apiVersion)"
    private static let metadataSchema = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

    private let document: Value
    private let tag: String

    /// The document of a door; one that writes declares the parameters of patches, which tells clients that
    /// the server validates.
    init(_ ports: ReadPorts, writes: Bool, version: String) {
        var schemas: [String: Value] = [Self.metadataSchema: objectMetadataSchema]
        var paths: [String: Value] = [:]
        for kind in Kind.all {
            let name = "dev.agirunner.\(Kind.version).\(kind.name)"
            schemas[name] = Self.schema(kind, ports.schema(kind.name), &schemas)
            let base =
                "/apis/\(Kind.apiVersion)/" + (kind.isNamespaced ? "namespaces/{namespace}/" : "")
                + kind.plural
            paths[base] = operations(kind, name, isCollection: true, writes: writes)
            paths["\(base)/{name}"] = operations(kind, name, isCollection: false, writes: writes)
        }
        document = [
            "openapi": "3.0.0", "info": ["title": "Agirunner", "version": .string(version)],
            "paths": .object(paths), "components": ["schemas": .object(schemas)],
        ]
        tag = contentTag(document)
    }

    /// Answers `GET /openapi/v3`.
    func index(_ call: Call) throws -> Response {
        let entry: Value = ["serverRelativeURL": .string("\(Self.path)?hash=\(tag)")]
        return tagged(["paths": ["apis/\(Kind.apiVersion)": entry]], call)
    }

    /// Answers `GET /openapi/v3/apis/agirunner.dev/v1`.
    func group(_ call: Call) throws -> Response { tagged(document, tag: tag, call) }

    /// Answers `GET /openapi/v2`: empty, in the encoding that older clients insist on.
    func version2(_ call: Call) throws -> Response {
        guard Accept(call.headers).ranges.first?.type.hasSuffix("+protobuf") == true else {
            return tagged(
                ["swagger": "2.0", "info": ["title": "Agirunner", "version": "v1"], "paths": [:]],
                call
            )
        }
        return bytes(
            [],
            headers: [
                .contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", .vary: "Accept",
            ]
        )
    }

    /// The schema of a kind with what its envelope has in common with all others; its own definitions become
    /// schemas beside it, since OpenAPI 3.0 knows none inside a schema.
    private static func schema(_ kind: Kind, _ own: Value?, _ schemas: inout [String: Value]) -> Value {
        let prefix = "dev.agirunner.\(Kind.version).\(kind.name)"
        var schema = own ?? ["type": "object", "description": .string(kind.name)]
        for (name, definition) in schema["$defs"]?.object ?? [:] {
            schemas["\(prefix).\(name)"] = rewritten(definition, prefix)
        }
        for key in ["$defs", "$schema", "$id", "title"] { schema[key] = nil }
        schema = rewritten(schema, prefix)
        var properties = schema["properties"]?.object ?? [:]
        properties["apiVersion"] = ["type": "string", "description": "The API's group and version."]
        properties["kind"] = ["type": "string", "description": "What the object is."]
        properties["metadata"] = [
            "description": "What every object has.",
            "allOf": [["$ref": .string("#/components/schemas/\(metadataSchema)")]],
        ]
        properties["status"] =
            properties["status"] ?? [
                "type": "object", "description": "What was observed; written by controllers only.",
                "x-kubernetes-preserve-unknown-fields": true,
            ]
        schema["type"] = "object"
        schema["properties"] = .object(properties)
        schema["x-kubernetes-group-version-kind"] = [groupVersionKind(kind)]
        return schema
    }

    /// References point beside the schema; what JSON Schema says with `const` is said with `enum`.
    private static func rewritten(_ value: Value, _ prefix: String) -> Value {
        switch value {
        case .array(let elements): return .array(elements.map { rewritten($0, prefix) })
        case .object(var members):
            if let target = members["$ref"]?.string, target.hasPrefix("#/$defs/") {
                members["$ref"] = .string(
                    "#/components/schemas/\(prefix).\(target.dropFirst("#/$defs/".count))"
                )
            }
            if let constant = members.removeValue(forKey: "const") { members["enum"] = [constant] }
            return .object(members.mapValues { rewritten($0, prefix) })
        default: return value
        }
    }
}

private func groupVersionKind(_ kind: Kind) -> Value {
    ["group": .string(Kind.group), "version": .string(Kind.version), "kind": .string(kind.name)]
}

private func operations(_ kind: Kind, _ schema: String, isCollection: Bool, writes: Bool) -> Value {
    let content: Value = [
        "application/json": ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]
    ]
    func operation(_ action: String, _ parameters: [String] = []) -> Value {
        [
            "x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": groupVersionKind(kind),
            "parameters": .array(
                parameters.map { ["name": .string($0), "in": "query", "schema": ["type": "string"]] }
            ),
            "responses": ["200": ["description": "OK", "content": content]],
        ]
    }
    let writeParameters = ["dryRun", "fieldManager", "fieldValidation", "force", "takeOwnership"]
    var operations: [String: Value] = ["get": operation(isCollection ? "list" : "get")]
    if writes && kind.isDeclared {
        if isCollection {
            operations["post"] = operation("post", writeParameters)
        } else {
            operations["put"] = operation("put", writeParameters)
            operations["patch"] = operation("patch", writeParameters)
            operations["delete"] = operation("delete", ["dryRun"])
        }
    }
    return .object(operations)
}

private let objectMetadataSchema: Value = [
    "type": "object", "description": "What every object has.",
    "properties": [
        "name": ["type": "string", "description": "Unique among the kind's objects of a namespace."],
        "namespace": ["type": "string", "description": "The tenant the object belongs to."],
        "labels": [
            "type": "object", "additionalProperties": ["type": "string"],
            "description": "What objects are selected by.",
        ],
        "annotations": [
            "type": "object", "additionalProperties": ["type": "string"],
            "description": "Notes of tools and people; nothing is selected by them.",
        ],
        "uid": ["type": "string", "description": "The id the object keeps for life."],
        "generation": ["type": "integer", "format": "int64", "description": "Grows when the spec changes."],
        "resourceVersion": ["type": "string", "description": "The object's last position in the log."],
        "creationTimestamp": ["type": "string", "format": "date-time", "description": "When it was made."],
        "deletionTimestamp": [
            "type": "string", "format": "date-time", "description": "When it was deleted.",
        ],
        "finalizers": [
            "type": "array", "items": ["type": "string"],
            "description": "What must happen before it is gone.",
        ],
        "ownerReferences": [
            "type": "array", "items": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
            "description": "With whom it goes.",
        ],
    ],
]
