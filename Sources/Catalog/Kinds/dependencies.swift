internal import Domain

/// Reads what an object waits for by its annotation, as references of its own.
func readDependencies(_ metadata: Place, isNamespaced: Bool, _ findings: inout Findings) {
    guard let place = metadata["annotations"]?[Dependency.annotation], let text = place.text else { return }
    let own = isNamespaced ? metadata["namespace"]?.text : nil
    for name in Dependency.names(text) {
        guard let key = Dependency.key(name, from: own), isDNSLabel(key.name) else {
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
                fix: nearestName(to: key.kind, among: declared).map { "did you mean '\($0)'?" }
            )
            continue
        }
        let foreign = name.split(separator: "/").count == 3 ? key.namespace : nil
        guard !isNamespaced || foreign == nil || foreign == own else {
            findings.report(.malformed, place, "must not lead to another namespace; '\(name)' does")
            continue
        }
        findings.references.append(
            Reference(
                kind: key.kind,
                namespace: isNamespaced ? nil : foreign ?? "default",
                name: key.name,
                field: place.field,
                span: place.node.span
            )
        )
    }
}
