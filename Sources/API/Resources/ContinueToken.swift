import Domain
import Secrets

/// Where the next page of a list starts; opaque to clients.
struct ContinueToken: Sendable, Hashable {
    /// The horizon when the first page was read.
    let position: Position
    /// The last object of the page before.
    let after: ObjectKey

    init(position: Position, after: ObjectKey) {
        self.position = position
        self.after = after
    }

    /// Reads a token that a page of the same list gave.
    ///
    /// *Throws* ``Refusal`` 400 for any other text.
    init(_ text: String, _ query: ObjectQuery) throws {
        // A token that is not ours is refused below, whatever is wrong with it.
        guard let bytes = decodeBase64URL(text), let value = try? Value(json: bytes),
            let position = value["p"]?.string.flatMap({ Position($0) }), let name = value["n"]?.string,
            value["k"]?.string == query.kind,
            query.namespace == nil || value["s"]?.string == query.namespace
        else { throw Refusal(.badRequest, "the continue token must be one that the same list gave") }
        self.init(
            position: position,
            after: ObjectKey(query.kind, namespace: value["s"]?.string, name: name)
        )
    }

    /// The text that the client hands back.
    var text: String {
        let value = Value.members([
            "p": .string(position.description), "k": .string(after.kind),
            "s": after.namespace.map { .string($0) }, "n": .string(after.name),
        ])
        return base64URL(value.canonicalBytes)
    }
}
