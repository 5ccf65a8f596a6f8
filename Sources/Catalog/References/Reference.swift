internal import Domain

/// A name in a file that stands for another object.
struct Reference: Sendable, Hashable {
    let kind: String
    /// Nil: the namespace of the object that refers.
    var namespace: String?
    let name: String
    let field: String
    let span: TextSpan

    /// Whether nothing may lead back along it: it asks for an order and says nothing else, or it says what
    /// something is a part of.
    var isDependency: Bool {
        field == "metadata.annotations.\(Dependency.annotation)"
            || kind == "GitSource" && field.hasPrefix("spec.dependsOn[")
            || kind == "WorkItem" && field == "spec.parentRef"
    }

    /// Whether it leads from an object of a namespace to another one, as an annotation must not.
    func isForeign(to own: String?) -> Bool {
        field == "metadata.annotations.\(Dependency.annotation)" && own != nil
            && namespace.map { $0 != own } == true
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
