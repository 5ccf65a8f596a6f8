/// A declared object as Catalog hands it on: validated, defaults applied, digest computed.
package struct Declared: Sendable, Hashable {
    package var object: Object
    /// Digest of the canonical spec; equal digests mean the generation stays.
    package var digest: Digest
    package var origin: Origin
    /// The objects its spec refers to, sorted and unique; an error in one of them holds this one back.
    package var references: [ObjectKey]
    /// Where its fields stand in the file, by their names such as `spec.stages[2].goal`; empty unless the
    /// load was asked to keep them.
    package var places: [String: TextPosition] = [:]
    /// The spec without what its kind fills in; nil unless the load was asked to keep places.
    package var writtenSpec: Value?

    /// The object as its file has it, as far as that is known.
    package var asWritten: Object {
        var copy = object
        copy.spec = writtenSpec ?? object.spec
        return copy
    }

    /// A declared object of its parts.
    package init(object: Object, digest: Digest, origin: Origin, references: [ObjectKey]) {
        self.object = object
        self.digest = digest
        self.origin = origin
        self.references = references
    }
}
