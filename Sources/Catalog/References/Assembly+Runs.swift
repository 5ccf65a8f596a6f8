internal import Domain

/// A limit in dollars.
private struct Limit {
    let span: TextSpan
    let field: String
    /// Who set it, when it is not written where it counts.
    var giver = ""
}

/// Whether one limit is higher than another: both are whole numbers, or both amounts of dollars.
func isHigher(_ value: Value, than bound: Value) -> Bool {
    if let value = value.integer, let bound = bound.integer { return value > bound }
    guard let value = value.string.flatMap({ USD($0) }), let bound = bound.string.flatMap({ USD($0) }) else {
        return false
    }
    return value > bound
}

/// A limit as it is written.
func amount(_ limit: Value) -> String { limit.string ?? limit.canonicalJSON }

// What a run asks of its playbook, and what limits in dollars ask of routes.
extension Assembly {
    /// Checks a Workflow against its playbook, and limits in dollars of either against the prices.
    mutating func checkRun(_ index: Int) {
        let draft = drafts[index]
        guard let place = draft.root["spec"] else { return }
        let namespace = key(draft).namespace
        if draft.kind.name == "Playbook" {
            guard draft.spec?["limits"]?["costUSDPerTask"] != nil else { return }
            let roles = place.list("roles").compactMap(\.text)
            let written = place["limits"]?["costUSDPerTask"]
            let limit = Limit(
                span: written?.node.span ?? place.mark,
                field: "spec.limits.costUSDPerTask",
                giver: written == nil ? " by a Policy" : ""
            )
            return judge(index) { $0.requirePrices(limit, roles, namespace, &$1) }
        }
        guard draft.kind.name == "Workflow", let name = place["playbookRef"]?["name"]?.text,
            let value = spec(ObjectKey("Playbook", namespace: namespace, name: name))
        else { return }
        // A stored spec of another version of this program need not fit; then the server's own checks remain.
        guard let playbook = try? value.decode(PlaybookSpec.self) else { return }
        judge(index) { assembly, findings in
            assembly.checkVersion(place, playbook, &findings)
            assembly.checkParameters(place, playbook, &findings)
            assembly.checkLimits(place["limits"], draft.spec?["limits"], value["limits"], &findings)
            if let cost = place["budget"]?["costUSD"] {
                let limit = Limit(span: cost.node.span, field: cost.field)
                assembly.requirePrices(limit, playbook.roles, namespace, &findings)
            }
        }
    }

    /// Reports the limits of a run that are looser than those of its playbook.
    private func checkLimits(_ place: Place?, _ own: Value?, _ bounds: Value?, _ findings: inout Findings) {
        for (name, _, written) in place?.members ?? [] {
            guard let value = own?[name], let bound = bounds?[name], isHigher(value, than: bound) else {
                continue
            }
            findings.report(
                .looserLimit,
                written,
                "must be at most \(amount(bound)), as the playbook has it"
            )
        }
    }

    private func checkVersion(_ spec: Place, _ playbook: PlaybookSpec, _ findings: inout Findings) {
        guard let version = spec["playbookRef"]?["version"], let text = version.text, text != playbook.version
        else { return }
        findings.report(
            .otherVersion,
            version,
            "must be the playbook's version, which is \(playbook.version)"
        )
    }

    private func checkParameters(_ spec: Place, _ playbook: PlaybookSpec, _ findings: inout Findings) {
        let names = playbook.parameters.map(\.name)
        let given = spec["parameters"]
        var suggested: Set<String> = []
        // Looked for once: a file may have tens of thousands of unknown ones.
        lazy var unused = names.filter { given?[$0] == nil }
        for (name, key, value) in given?.members ?? [] {
            guard let parameter = playbook.parameters.first(where: { $0.name == name }) else {
                let nearest = findings.nearest(to: name, among: unused)
                if let nearest { suggested.insert(nearest) }
                findings.report(
                    .unknownParameter,
                    at: key.span,
                    field: value.field,
                    "\(value.field) must be a parameter of the playbook; '\(name)' is unknown",
                    fix: nearest.map { "did you mean '\($0)'?" }
                )
                continue
            }
            if let limit = parameter.maxLength, let count = value.text?.unicodeScalars.count, count > limit {
                findings.report(
                    .longParameter,
                    value,
                    "must be at most \(limit) characters; this has \(count)"
                )
            }
        }
        for parameter in playbook.parameters where parameter.required && parameter.default == nil {
            guard given?[parameter.name] == nil, !suggested.contains(parameter.name) else { continue }
            findings.report(
                .missingParameter,
                at: given?.mark ?? spec.mark,
                field: "spec.parameters.\(parameter.name)",
                "spec.parameters.\(parameter.name) must be given: \(parameter.title)"
            )
        }
    }

    /// Reports each route of some roles that has no price.
    private func requirePrices(
        _ limit: Limit,
        _ roles: [String],
        _ namespace: String?,
        _ findings: inout Findings
    ) {
        var seen: Set<String> = []
        for role in roles {
            guard let spec = spec(ObjectKey("Role", namespace: namespace, name: role)),
                let route = spec["modelRouteRef"]?.string ?? defaultRoute(namespace),
                let routeSpec = self.spec(ObjectKey("ModelRoute", namespace: namespace, name: route)),
                routeSpec["price"] == nil, seen.insert(route).inserted
            else { continue }
            let draft = byKey[ObjectKey("ModelRoute", namespace: namespace, name: route)].map { drafts[$0] }
            let notes = draft.map {
                [
                    Diagnostic.Note(
                        path: $0.path,
                        position: ($0.root["spec"]?.mark ?? $0.root.mark).start,
                        message: "the route is declared"
                    )
                ]
            }
            findings.report(
                .noPrice,
                at: limit.span,
                field: limit.field,
                "\(limit.field) must not be set\(limit.giver) while the ModelRoute '\(route)' of the role "
                    + "'\(role)' has no price",
                notes: notes ?? []
            )
        }
    }

    private func routes(_ namespace: String?) -> [ObjectKey] {
        (byKey.keys.filter { $0.kind == "ModelRoute" } + otherKeys(["ModelRoute"]))
            .filter { $0.namespace == namespace }.sorted()
    }

    private func defaultRoute(_ namespace: String?) -> String? {
        routes(namespace).first { spec($0)?["default"]?.bool == true }?.name
    }
}
