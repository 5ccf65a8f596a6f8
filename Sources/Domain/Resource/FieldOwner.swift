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

    /// An owner of its parts.
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
        compactMap { owner in
            var owner = owner
            owner.fields = owner.fields.subtracting(fields)
            return owner.fields.isEmpty ? nil : owner
        }
    }

    /// Nil for none, as it is stored.
    package var stored: [FieldOwner]? { isEmpty ? nil : self }
}
