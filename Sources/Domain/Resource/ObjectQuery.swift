/// One requirement of a label selector.
package struct LabelRequirement: Sendable, Hashable {
    package enum Operation: Sendable, Hashable { case isIn, isNotIn, exists, isAbsent }

    package let key: String
    package let operation: Operation
    package let values: [String]

    /// A requirement of its parts.
    package init(key: String, operation: Operation, values: [String]) {
        self.key = key
        self.operation = operation
        self.values = values
    }

    /// Whether an object's labels meet it; as in Kubernetes, `notin` is met by a missing label.
    package func isMet(by labels: [String: String]) -> Bool {
        switch operation {
        case .isIn: labels[key].map(values.contains) ?? false
        case .isNotIn: labels[key].map { !values.contains($0) } ?? true
        case .exists: labels[key] != nil
        case .isAbsent: labels[key] == nil
        }
    }
}

/// Which objects of a kind are asked for.
package struct ObjectQuery: Sendable, Hashable {
    package var kind: String
    /// nil means every namespace (or a cluster-scoped kind).
    package var namespace: String?
    package var labels: [LabelRequirement]
    /// `metadata.name` when the field selector names it.
    package var name: String?
    /// Whether what is declared is asked for, or what only controllers write; nil for both.
    package var isDeclared: Bool?

    /// A query of its parts.
    package init(kind: String, namespace: String?, labels: [LabelRequirement] = [], name: String? = nil) {
        self.kind = kind
        self.namespace = namespace
        self.labels = labels
        self.name = name
    }

    /// Whether an object of this kind is among those asked for.
    package func matches(_ metadata: Metadata) -> Bool {
        (namespace == nil || metadata.namespace == namespace) && (name == nil || metadata.name == name)
            && (isDeclared == nil || metadata.isDeclared == isDeclared)
            && labels.allSatisfy { $0.isMet(by: metadata.labels ?? [:]) }
    }
}

/// A page of a list, sorted by (namespace, name).
package struct ObjectPage: Sendable, Hashable {
    package var objects: [Object]
    /// The horizon when the first page was read: the list's `resourceVersion`.
    package var position: Position
    /// The last (namespace, name) of this page when there is more, else nil.
    package var next: ObjectKey?

    /// A page of its parts.
    package init(objects: [Object], position: Position, next: ObjectKey?) {
        self.objects = objects
        self.position = position
        self.next = next
    }
}
