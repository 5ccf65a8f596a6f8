package import Domain

/// An object as an author would write it: without the defaults of its kind, and without what only serves to
/// write the files of the catalog that it comes from.
package func nativeDocument(of object: Object) -> Value {
    let annotations =
        object.metadata.annotations?.filter { !CatalogRecord.forFilesOnly.contains($0.key) } ?? [:]
    let labels = object.metadata.labels ?? [:]
    let spec = object.spec ?? [:]
    return .members([
        "apiVersion": .string(Kind.apiVersion), "kind": .string(object.kind),
        "metadata": .members([
            "name": .string(object.metadata.name), "namespace": object.metadata.namespace.map(Value.string),
            "labels": labels.isEmpty ? nil : .object(labels.mapValues(Value.string)),
            "annotations": annotations.isEmpty ? nil : .object(annotations.mapValues(Value.string)),
        ]),
        "spec": Registry.shape(for: object.kind).map { sparse(spec, $0.spec) } ?? spec,
    ])
}

/// The members that differ from their defaults.
private func sparse(_ value: Value, _ fields: Fields) -> Value {
    guard let members = value.object else { return value }
    var result: [String: Value] = [:]
    for (name, member) in members {
        guard let field = fields[name] else {
            result[name] = member
            continue
        }
        guard member != field.filled else { continue }
        result[name] = sparse(member, field.type)
    }
    return .object(result)
}

private func sparse(_ value: Value, _ type: FieldType) -> Value {
    switch type {
    case .object(let fields): sparse(value, fields)
    case .list(let element, _, _): .array((value.array ?? []).map { sparse($0, element) })
    case .either(_, let inner): sparse(value, inner)
    default: value
    }
}
