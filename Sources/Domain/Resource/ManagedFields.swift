extension Origin {
    /// What manages the fields that a file declares: `git:main`; nil for what no file does.
    package var manager: String? { gitSource.map { "git:\($0)" } }

    /// `roles/reviewer.yaml:12`; nil for what no file declares.
    package var place: String? { path.map { "\($0):\(line ?? 1)" } }

    /// Everybody's fields as `metadata.managedFields` shows them; empty when nobody is known to hold any.
    package func managedFields(at time: Timestamp?) -> [ManagedFields] {
        var entries = (owners ?? []).map { owner in
            ManagedFields(
                manager: owner.name,
                operation: owner.operation,
                time: owner.time,
                fieldsV1: owner.fields.fieldsV1
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
