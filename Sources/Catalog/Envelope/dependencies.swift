internal import Domain

/// Reads what an object waits for by its annotation, as references of its own.
func readDependencies(_ metadata: Place, isNamespaced: Bool, _ findings: inout Findings) {
    guard let place = metadata["annotations"]?[Dependency.annotation], let text = place.text else { return }
    for name in Dependency.names(text) {
        guard let key = Dependency.key(name, from: nil), isDNSLabel(key.name) else {
            findings.report(
                .malformed,
                place,
                "must be names as KIND/NAME, separated by commas; '\(clip(String(name)))' found"
            )
            continue
        }
        guard let kind = Kind.named(key.kind), kind.isDeclared else {
            let declared = Kind.all.filter(\.isDeclared).map(\.name)
            findings.report(
                .unknownWord,
                place,
                "must name kinds that are declared; '\(clip(key.kind))' is none",
                fix: findings.suggestion(for: key.kind, among: declared)
            )
            continue
        }
        let named = name.split(separator: "/").count == 3 ? key.namespace : nil
        findings.references.append(
            Reference(
                kind: key.kind,
                // Whether that is the object's own is judged once its own is known.
                namespace: named ?? (isNamespaced ? nil : ObjectKey.defaultNamespace),
                name: key.name,
                field: place.field,
                span: place.node.span
            )
        )
    }
}
