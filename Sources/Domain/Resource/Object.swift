/// Who owns whom; owners cascade when they are deleted.
package struct OwnerReference: Sendable, Hashable, Codable {
    package let kind: String
    package let name: String
    package let uid: UID

    /// A reference to an owner.
    package init(kind: String, name: String, uid: UID) {
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

/// The envelope's metadata, as in the Kubernetes API.
package struct Metadata: Sendable, Hashable, Codable {
    package var name: String
    package var namespace: String?
    package var labels: [String: String]?
    package var annotations: [String: String]?
    package var uid: UID?
    package var generation: Int64?
    /// The object's last ``Position``.
    package var resourceVersion: Position?
    package var creationTimestamp: Timestamp?
    package var deletionTimestamp: Timestamp?
    package var finalizers: [String]?
    package var ownerReferences: [OwnerReference]?
    package var managedFields: [ManagedFields]?

    /// Whether a server's object is declared: what only controllers write has no generation.
    package var isDeclared: Bool { generation != nil }

    /// Metadata of a name and a namespace; everything else is set on the result.
    package init(name: String, namespace: String?) {
        self.name = name
        self.namespace = namespace
    }
}

/// One object of any kind in the envelope that files, the API and the store share.
package struct Object: Sendable, Hashable, Codable {
    package var apiVersion = Kind.apiVersion
    package var kind: String
    package var metadata: Metadata
    /// The desired state with defaults applied; nil for a kind that has none.
    package var spec: Value?
    /// The observed state, written by controllers only.
    package var status: Value?

    /// An object of its parts.
    package init(kind: String, metadata: Metadata, spec: Value? = nil, status: Value? = nil) {
        self.kind = kind
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    /// What identifies it.
    package var key: ObjectKey { ObjectKey(kind, namespace: metadata.namespace, name: metadata.name) }
}

extension Object {
    /// What fields are held of: labels, annotations and spec.
    package var body: Value {
        func texts(_ texts: [String: String]?) -> Value { .object((texts ?? [:]).mapValues(Value.string)) }
        return [
            "metadata": [
                "labels": texts(metadata.labels), "annotations": texts(metadata.annotations),
            ],
            "spec": spec ?? [:],
        ]
    }

    /// This object with the labels, the annotations and the spec of a body.
    package func with(body: Value) -> Object {
        func texts(_ name: String) -> [String: String]? {
            let found = body.at("metadata", name)?.object?.compactMapValues(\.string) ?? [:]
            return found.isEmpty ? nil : found
        }
        var object = self
        object.metadata.labels = texts("labels")
        object.metadata.annotations = texts("annotations")
        if spec != nil { object.spec = body["spec"] ?? [:] }
        return object
    }
}
