internal import Domain

/// A name in a file that stands for another object.
struct Reference: Sendable, Hashable {
    let kind: String
    /// Nil: the namespace of the object that refers.
    var namespace: String?
    let name: String
    let field: String
    let span: TextSpan

    /// The object that is meant, seen from an object of a namespace.
    func key(from own: String?) -> ObjectKey {
        ObjectKey(
            kind,
            namespace: Kind.named(kind)?.isNamespaced == false ? nil : namespace ?? own,
            name: name
        )
    }
}
