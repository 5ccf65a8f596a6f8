/// What an object must wait for, beside what its spec refers to.
package enum Dependency {
    /// The annotation: names as `Role/reviewer`, separated by commas.
    package static let annotation = "agirunner.dev/depends-on"

    /// The names in an annotation, without the spaces around them.
    package static func names(_ text: String) -> [Substring] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { name in
            var name = name
            while name.first?.isWhitespace == true { name.removeFirst() }
            while name.last?.isWhitespace == true { name.removeLast() }
            return name
        }
    }

    /// The key of a name, seen from an object of a namespace; nil when it is no name.
    ///
    /// A name is `KIND/NAME`, or `NAMESPACE/KIND/NAME` as keys are written.
    package static func key(_ name: Substring, from namespace: String?) -> ObjectKey? {
        var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let foreign = parts.count == 3 ? parts.removeFirst() : nil
        let isNamespaced = Kind.named(parts[0])?.isNamespaced ?? true
        return ObjectKey(
            parts[0],
            namespace: isNamespaced ? foreign ?? namespace ?? ObjectKey.defaultNamespace : nil,
            name: parts[1]
        )
    }
}

extension Object {
    /// What the object must wait for by its annotation, in its order.
    package var dependencies: [ObjectKey] {
        guard let text = metadata.annotations?[Dependency.annotation] else { return [] }
        return Dependency.names(text).compactMap { Dependency.key($0, from: metadata.namespace) }
    }
}
