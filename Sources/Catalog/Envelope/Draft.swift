internal import Domain

/// One object as it was read from its document, before it is seen among the others.
struct Draft: Sendable {
    let shape: Shape
    let path: String
    var root: Place
    let name: String
    /// As declared; nil when the file names none or the kind has none.
    let namespace: String?
    let labels: [String: String]?
    var annotations: [String: String]?
    /// The spec with defaults applied; nil when something in it is wrong.
    var spec: Value?
    /// The fields that the document names, whether or not they say what would be so anyway.
    var fields = FieldSet.none
    /// The digest of the spec, computed once; nil for none and for one that has changed since.
    var digest: Digest?
    /// What is doubtful about it by itself, told when nothing is wrong with it.
    var doubts: [Diagnostic] = []
    var references: [Reference]
    /// The first error of this object, if it has one.
    var firstError: Diagnostic?

    var kind: Kind { shape.kind }
    var isGood: Bool { firstError == nil && spec != nil }

    /// What identifies it, for a namespace that counts where none is declared.
    func key(_ defaultNamespace: String) -> ObjectKey {
        ObjectKey(kind.name, namespace: kind.isNamespaced ? namespace ?? defaultNamespace : nil, name: name)
    }
}
