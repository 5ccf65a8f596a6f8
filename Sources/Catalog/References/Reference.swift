internal import Domain

/// A name in a file that stands for another object.
struct Reference: Sendable, Hashable {
    let kind: String
    /// Nil: the namespace of the object that refers.
    var namespace: String?
    let name: String
    let field: String
    let span: TextSpan

    /// Whether it asks for an order and says nothing else.
    var isDependency: Bool {
        field == "metadata.annotations.\(Dependency.annotation)"
            || kind == "GitSource" && field.hasPrefix("spec.dependsOn[")
    }

    /// The object that is meant, seen from an object of a namespace.
    func key(from own: String?) -> ObjectKey {
        ObjectKey(
            kind,
            namespace: Kind.named(kind)?.isNamespaced == false ? nil : namespace ?? own,
            name: name
        )
    }
}
