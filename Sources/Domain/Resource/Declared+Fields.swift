// What a file declares, beside what others hold of the same object.
extension Declared {
    /// This object with the fields that others hold of the stored one and the file does not speak of.
    ///
    /// Its digest stays the one of what the file declares. Of a stored object without its spec only the
    /// metadata is looked at. Where `drift` is only reported, what was taken from the file stays taken.
    package func keepingFields(of stored: Stored, drift: GitSourceSpec.Drift) -> Declared {
        guard let owners = stored.origin.owners, let own = origin.fields else { return self }
        var copy = self
        let left = drift == .report ? stored.origin.taken ?? .none : .none
        var others = owners.losing(own.subtracting(left))
        if stored.origin.gitSource != origin.gitSource {
            // Whoever hands an object over hands over what it is; notes that people made stay theirs.
            others = others.filter { $0.operation == .update }.map { owner in
                var owner = owner
                owner.fields = owner.fields.below("metadata").under("metadata")
                return owner
            }.losing(FieldSet(of: ["metadata": ["annotations": [Transfer.annotation: true]]]))
        }
        var fields = others.fields
        if stored.object.spec == nil { fields = fields.subtracting(FieldSet(fieldsV1: ["f:spec": [:]])) }
        copy.object = object.with(body: fields.copied(from: stored.object.body, into: object.body))
        copy.origin.owners = others.stored
        let taken = own.intersection(fields)
        copy.origin.taken = taken.isEmpty ? nil : taken
        return copy
    }

    /// This object with the spec that its file declares, and nothing in it of others.
    package func lettingGo(ofSpecBeside declared: Declared) -> Declared {
        var copy = self
        let spec = FieldSet(fieldsV1: ["f:spec": [:]])
        copy.object.spec = declared.object.spec
        copy.origin.owners = origin.owners?.losing(spec).stored
        copy.origin.taken = origin.taken?.subtracting(spec)
        if copy.origin.taken?.isEmpty == true { copy.origin.taken = nil }
        return copy
    }
}
