import Domain

/// In which form objects are shown.
enum Representation: Sendable, Hashable {
    case object
    /// A table as `kubectl get` prints it, in `v1` or `v1beta1` of `meta.k8s.io`.
    case table(version: String)
    /// The metadata alone.
    case metadata(version: String)

    /// The first form the client offers that there is.
    ///
    /// *Throws* ``Refusal`` 406.
    init(_ accept: Accept) throws {
        for range in accept.ranges {
            switch range.parameters["as"] {
            case nil where range.isJSON || range.type == "text/event-stream":
                self = .object
                return
            case let form? where range.type == "application/json" && range.parameters["g"] == "meta.k8s.io":
                guard let version = range.parameters["v"], ["v1", "v1beta1"].contains(version) else {
                    continue
                }
                switch form {
                case "Table": self = .table(version: version)
                case "PartialObjectMetadata", "PartialObjectMetadataList": self = .metadata(version: version)
                default: continue
                }
                return
            default: continue
            }
        }
        guard accept.ranges.isEmpty else {
            throw Refusal(
                .notAcceptable,
                "only application/json, also as a Table or PartialObjectMetadata, is served"
            )
        }
        self = .object
    }

    /// For ETags.
    var label: String {
        switch self {
        case .object: "o"
        case .table(let version): "t-\(version)"
        case .metadata(let version): "m-\(version)"
        }
    }
}

/// Turns objects into what clients read.
struct ObjectPrinter: Sendable {
    let representation: Representation
    /// What a table's rows carry: None, Metadata or Object.
    let includeObject: String
    let columns: [TableColumn]
    let now: Timestamp

    /// A printer for one request.
    ///
    /// *Throws* ``Refusal`` 400 or 406.
    init(_ call: Call, kind: Kind, _ ports: ReadPorts) throws {
        representation = try Representation(Accept(call.headers))
        includeObject = call.query["includeObject"] ?? "Metadata"
        guard ["None", "Metadata", "Object"].contains(includeObject) else {
            throw Refusal(.badRequest, "includeObject must be None, Metadata or Object")
        }
        columns = ports.columns(kind.name)
        now = ports.now()
    }

    /// One object, as `get` and a watch show it.
    func print(_ object: Value) -> Value {
        switch representation {
        case .object: object
        case .table(let version): table(version, metadata: listMetadata(of: object), [object])
        case .metadata(let version): partial(object, version)
        }
    }

    /// Many objects under the list's metadata.
    func print(_ objects: [Value], kind: Kind, metadata: Value) -> Value {
        switch representation {
        case .object:
            [
                "apiVersion": .string(Kind.apiVersion), "kind": .string("\(kind.name)List"),
                "metadata": metadata,
                "items": .array(objects),
            ]
        case .table(let version): table(version, metadata: metadata, objects)
        case .metadata(let version):
            [
                "apiVersion": .string("meta.k8s.io/\(version)"), "kind": "PartialObjectMetadataList",
                "metadata": metadata, "items": .array(objects.map { partial($0, version) }),
            ]
        }
    }

    /// An object that tells nothing but how far the watch is.
    func bookmark(_ position: Position, kind: Kind) -> Value {
        let metadata: Value = ["resourceVersion": .string(position.description), "creationTimestamp": .null]
        let object: Value = [
            "apiVersion": .string(Kind.apiVersion), "kind": .string(kind.name), "metadata": metadata,
        ]
        switch representation {
        case .object: return object
        case .table(let version): return table(version, metadata: metadata, [])
        case .metadata(let version): return partial(object, version)
        }
    }

    private func partial(_ object: Value, _ version: String) -> Value {
        [
            "apiVersion": .string("meta.k8s.io/\(version)"), "kind": "PartialObjectMetadata",
            "metadata": object["metadata"] ?? [:],
        ]
    }

    private func listMetadata(of object: Value) -> Value {
        .members(["resourceVersion": object.at("metadata", "resourceVersion")])
    }

    private func table(_ version: String, metadata: Value, _ objects: [Value]) -> Value {
        [
            "apiVersion": .string("meta.k8s.io/\(version)"), "kind": "Table", "metadata": metadata,
            "columnDefinitions": .array(tableColumnDefinitions(columns)),
            "rows": .array(
                objects.map { object in
                    .members([
                        "cells": .array(tableCells(object, columns, now: now)),
                        "object": includeObject == "None"
                            ? nil : includeObject == "Object" ? object : partial(object, version),
                    ])
                }
            ),
        ]
    }
}

extension Object {
    /// The object as clients read it; owner references say which API their owner belongs to.
    ///
    /// *Throws* `EncodingError`, which no stored object causes.
    func shown() throws -> Value {
        var value = try Value(encoding: self)
        if let owners = value.at("metadata", "ownerReferences")?.array {
            value["metadata"]?["ownerReferences"] = .array(
                owners.map { $0.merging(["apiVersion": .string(Kind.apiVersion)]) }
            )
        }
        return value
    }
}
