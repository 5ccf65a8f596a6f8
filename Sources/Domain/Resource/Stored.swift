/// A declared object as the store holds it.
package struct Stored: Sendable, Hashable {
    package var object: Object
    package var digest: Digest
    package var origin: Origin

    /// A stored object of its parts.
    package init(object: Object, digest: Digest, origin: Origin) {
        self.object = object
        self.digest = digest
        self.origin = origin
    }
}

extension Sequence<Stored> {
    /// The specs by key, as references to them are checked.
    package var specs: [ObjectKey: Value] {
        Dictionary(map { ($0.object.key, $0.object.spec ?? [:]) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Stored {
    /// The object as it is shown: its status says where it was declared, or who applied it.
    package var shown: Object {
        var shown = object
        var status = object.status ?? .object([:])
        if let source = origin.gitSource {
            status["source"] = .members([
                "gitSource": .string(source), "commit": origin.commit.map { .string($0.text) },
                "path": origin.path.map(Value.string), "line": origin.line.map { .integer(Int64($0)) },
                "column": origin.column.map { .integer(Int64($0)) }, "taken": origin.taken?.fieldsV1,
            ])
        } else if let user = origin.appliedBy {
            status["appliedBy"] = ["user": .string(user), "door": "control"]
        }
        shown.status = status
        let managed = origin.managedFields(at: object.metadata.creationTimestamp)
        shown.metadata.managedFields = managed.isEmpty ? nil : managed
        return shown
    }
}
