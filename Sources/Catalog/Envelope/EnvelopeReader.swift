internal import Domain

/// Reads the envelope that all kinds share, then the spec of the kind.
struct EnvelopeReader {
    /// Whether the object comes through a door, where clients send back what the server added.
    var isDoor = false
    var unknownFields = LoadOptions.UnknownFields.refused

    static let metadata: Fields = [
        .required("name", .format(.dnsLabel), "Its name, unique among objects of its kind and namespace."),
        .optional("namespace", .format(.dnsLabel), "The tenant it belongs to; absent: the source's own."),
        .optional("labels", .map(.text(labelValue), keys: .labelKey), "Names to select it by."),
        .optional("annotations", .map(.text(annotation), keys: .labelKey), "Notes for programs."),
    ]

    private static let labelValue = TextRule(format: .labelValue, length: 0...63)
    // A README of a catalog is one, whatever a file may hold.
    private static let annotation = TextRule(format: .free, length: 0...SourceText.sizeLimit)

    private static let serverMetadata: Set<String> = [
        "uid", "generation", "resourceVersion", "creationTimestamp", "deletionTimestamp", "finalizers",
        "ownerReferences", "managedFields", "selfLink",
    ]

    /// The object of a document; nil when it cannot be told which object it is.
    func read(_ document: YAMLNode, _ findings: inout Findings) -> Draft? {
        findings.object = nil
        findings.references = []
        let errors = findings.errorCount
        let root = Place(root: document)
        guard document.entries != nil else {
            if case .refused = document.content { return nil }
            findings.report(.notAMapping, root, "must be a mapping with apiVersion, kind, metadata and spec")
            return nil
        }
        let name = root["metadata"]?["name"]?.text
        // Scalars, since one character may have as many of them as its author likes.
        let names = [root["kind"]?.text, name].compactMap { $0.map { String($0.unicodeScalars.prefix(63)) } }
        findings.object = names.isEmpty ? nil : names.joined(separator: "/")
        checkVersion(root, &findings)
        let shape = readShape(root, &findings)
        checkKeys(root, shape, &findings)
        let metadata = readMetadata(root, &findings)
        guard let shape else { return nil }
        if let place = root["metadata"] {
            readDependencies(place, isNamespaced: shape.kind.isNamespaced, &findings)
        }
        let spec = readSpec(root, shape, &findings)
        guard let name, isDNSLabel(name) else { return nil }
        let own = findings.errorCount == errors ? nil : findings.firstError(after: errors)
        // What YAML does not allow was found before, and has left something out.
        let error = own ?? findings.firstError(in: document.span)
        let isGood = error == nil
        return Draft(
            shape: shape,
            path: findings.path,
            root: root,
            name: name,
            namespace: root["metadata"]?["namespace"]?.text,
            labels: Self.texts(metadata?["labels"]),
            annotations: Self.texts(metadata?["annotations"]),
            spec: isGood ? spec : nil,
            fields: isGood ? root.fields : .none,
            digest: isGood ? spec.map(Catalog.digest(of:)) : nil,
            doubts: isGood ? doubts(root, shape, spec, findings) : [],
            references: findings.references,
            firstError: error
        )
    }

    private func doubts(
        _ root: Place,
        _ shape: Shape,
        _ spec: Value?,
        _ findings: Findings
    ) -> [Diagnostic] {
        var own = Findings(path: findings.path)
        own.object = findings.object
        doubtEffect(root, shape, spec: spec, &own)
        if shape.kind.name == "Playbook", let spec = root["spec"] { doubtPlaybook(spec, &own) }
        return own.diagnostics
    }

    private func checkVersion(_ root: Place, _ findings: inout Findings) {
        guard let version = root["apiVersion"] else {
            return findings.reportMissing("apiVersion", in: root, "must be present")
        }
        guard version.text != Kind.apiVersion else { return }
        findings.report(.apiVersion, version, "must be \(Kind.apiVersion)", fix: "write \(Kind.apiVersion)")
    }

    private func readShape(_ root: Place, _ findings: inout Findings) -> Shape? {
        guard let kind = root["kind"] else {
            findings.reportMissing("kind", in: root, "must be present")
            return nil
        }
        guard let name = kind.text else {
            findings.report(.wrongType, kind, "must be a text, and is \(kind.node.noun)")
            return nil
        }
        if let shape = Registry.shape(for: name) { return shape }
        if Kind.named(name) != nil {
            findings.report(.liveKind, kind, "must be a kind that is declared; controllers write a \(name)")
        } else {
            findings.report(
                .unknownKind,
                kind,
                "must be a kind that can be declared; '\(name)' is unknown",
                fix: findings.suggestion(for: name, among: Registry.shapes.map(\.kind.name))
            )
        }
        return nil
    }

    private func checkKeys(_ root: Place, _ shape: Shape?, _ findings: inout Findings) {
        let known = ["apiVersion", "kind", "metadata", "spec"]
        let missing = known.filter { root[$0] == nil }
        for (name, key, _) in root.members where !known.contains(name) {
            if name == "status" {
                guard !isDoor else { continue }
                findings.report(
                    .statusDeclared,
                    at: key.span,
                    field: "status",
                    "status must not be declared; controllers write it",
                    fix: "remove it"
                )
            } else if unknownFields != .refused {
                guard unknownFields == .warned else { continue }
                findings.warnOfUnknown(name, key.span)
            } else {
                findings.report(
                    .unknownKey,
                    at: key.span,
                    field: name,
                    "the document must not have the key '\(name)'; it is unknown",
                    fix: findings.suggestion(for: name, among: missing)
                )
            }
        }
        if let namespace = root["metadata"]?["namespace"], let shape, !shape.kind.isNamespaced {
            findings.report(
                .namespaceOnCluster,
                namespace,
                "must not be set; a \(shape.kind.name) belongs to no namespace"
            )
        }
    }

    private func readMetadata(_ root: Place, _ findings: inout Findings) -> Value? {
        guard var place = root["metadata"] else {
            findings.reportMissing("metadata", in: root, "must be present")
            return nil
        }
        if isDoor { place = place.without(Self.serverMetadata) }
        return findings.read(place, as: .object(Self.metadata), unknown: unknownFields)
    }

    private func readSpec(_ root: Place, _ shape: Shape, _ findings: inout Findings) -> Value? {
        guard let place = root["spec"] else {
            findings.reportMissing("spec", in: root, "must be present")
            return nil
        }
        let spec = findings.read(place, as: .object(shape.spec), unknown: unknownFields)
        shape.check(place, &findings)
        return spec
    }

    private static func texts(_ value: Value?) -> [String: String]? {
        value?.object?.compactMapValues(\.string)
    }
}
