/// What identifies an object: kind, namespace (nil for cluster-scoped kinds) and name.
package struct ObjectKey: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The namespace of what names none.
    package static let defaultNamespace = "default"

    package let kind: String
    package let namespace: String?
    package let name: String

    /// A key from its parts.
    package init(_ kind: String, namespace: String?, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    /// `Kind/name`, with the namespace in front when it is not `default`.
    package var description: String {
        guard let namespace, namespace != Self.defaultNamespace else { return "\(kind)/\(name)" }
        return "\(namespace)/\(kind)/\(name)"
    }

    /// The order locks are taken in: kind, namespace, name.
    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.kind, left.namespace ?? "", left.name) < (right.kind, right.namespace ?? "", right.name)
    }
}
