/// Somebody who holds fields of an object, beside the file that declares it.
package struct FieldOwner: Sendable, Hashable, Codable {
    /// How fields come to be held, as in server-side apply.
    package enum Operation: String, Sendable, Hashable, Codable {
        /// By naming all fields that are wanted: what is named no more goes.
        case apply = "Apply"
        /// By changing some.
        case update = "Update"
    }

    /// `unix:1000`, or what the client calls itself.
    package var name: String
    package var operation: Operation
    /// When its fields last changed.
    package var time: Timestamp
    package var fields: FieldSet

    /// A manager of its parts.
    package init(name: String, operation: Operation, time: Timestamp, fields: FieldSet) {
        self.name = name
        self.operation = operation
        self.time = time
        self.fields = fields
    }
}

extension [FieldOwner] {
    /// What any of them holds.
    package var fields: FieldSet { reduce(.none) { $0.union($1.fields) } }

    /// Without those fields, and without owners that hold nothing then.
    package func losing(_ fields: FieldSet) -> [FieldOwner] {
        compactMap { manager in
            var manager = manager
            manager.fields = manager.fields.subtracting(fields)
            return manager.fields.isEmpty ? nil : manager
        }
    }

    /// Nil for none, as it is stored.
    package var stored: [FieldOwner]? { isEmpty ? nil : self }
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

extension Origin {
    /// What manages the fields that a file declares: `git:main`; nil for what no file does.
    package var manager: String? { gitSource.map { "git:\($0)" } }

    /// `roles/reviewer.yaml:12`; nil for what no file declares.
    package var place: String? { path.map { "\($0):\(line ?? 1)" } }

    /// Everybody's fields as `metadata.managedFields` shows them; empty when nobody is known to hold any.
    package func managedFields(at time: Timestamp?) -> [ManagedFields] {
        var entries = (owners ?? []).map { manager in
            ManagedFields(
                manager: manager.name,
                operation: manager.operation,
                time: manager.time,
                fieldsV1: manager.fields.fieldsV1
            )
        }
        if let manager, let own = fields?.subtracting(taken ?? .none), !own.isEmpty {
            let declared = ManagedFields(
                manager: manager,
                operation: .apply,
                time: time,
                fieldsV1: own.fieldsV1
            )
            entries.insert(declared, at: 0)
        }
        return entries
    }
}

/// An entry of `metadata.managedFields`, as in the Kubernetes API.
package struct ManagedFields: Sendable, Hashable, Codable {
    package var manager: String
    package var operation: FieldOwner.Operation
    package var apiVersion = Kind.apiVersion
    package var time: Timestamp?
    package var fieldsType = "FieldsV1"
    package var fieldsV1: Value

    /// An entry of its parts.
    package init(manager: String, operation: FieldOwner.Operation, time: Timestamp?, fieldsV1: Value) {
        self.manager = manager
        self.operation = operation
        self.time = time
        self.fieldsV1 = fieldsV1
    }
}
