internal import Domain

// Policies, laid over the objects of a load.
extension Assembly {
    /// Gives objects what Policies demand, and reports what they forbid and what nothing can meet.
    mutating func applyPolicies() {
        for index in drafts.indices where drafts[index].kind.name == "Policy" { checkNamespace(of: index) }
        let (overlays, unreadable) = overlays()
        for index in drafts.indices where drafts[index].isGood {
            guard PolicyScope.governed.contains(drafts[index].kind.name) else { continue }
            if let policy = unreadable.first(where: { covers($0.scope, $0.key, drafts[index]) }) {
                reportUnreadable(policy.key, index)
                continue
            }
            apply(overlays.filter { covers($0.scope, $0.key, drafts[index]) }, index)
        }
        for overlay in overlays { reportUnmatched(overlay) }
    }

    private mutating func apply(_ overlays: [Overlay], _ index: Int) {
        guard !overlays.isEmpty else { return }
        checkBounds(overlays, index)
        giveDefaults(overlays, index)
        guard drafts[index].kind.name == "Playbook" else { return }
        for overlay in overlays { assign(overlay, index) }
        requireGates(overlays, index)
    }

    /// A Policy says nothing of other namespaces, although it may name its own.
    private mutating func checkNamespace(of index: Int) {
        let own = key(drafts[index]).namespace ?? ""
        guard let place = drafts[index].root["spec"]?["appliesTo"]?["namespace"], place.text != own,
            drafts[index].isGood
        else { return }
        judge(index) { $1.report(.contradiction, place, "must be that of the Policy, which is \(own)") }
    }

    /// The Policies in force, sorted by key, and those of which nobody knows what they demand.
    private func overlays() -> (readable: [Overlay], unreadable: [(key: ObjectKey, scope: PolicyScope)]) {
        var found: [Overlay] = []
        var unreadable: [(key: ObjectKey, scope: PolicyScope)] = []
        for (index, draft) in drafts.enumerated() where draft.kind.name == "Policy" && draft.isGood {
            guard let spec = draft.spec, let overlay = Overlay(key(draft), spec, index) else { continue }
            found.append(overlay)
        }
        for (key, spec) in storedPolicies() {
            if let overlay = Overlay(key, spec, nil) {
                found.append(overlay)
            } else {
                unreadable.append((key, PolicyScope(spec["appliesTo"])))
            }
        }
        return (found.sorted { $0.key < $1.key }, unreadable.sorted { $0.key < $1.key })
    }

    /// The Policies that are not declared in what is judged: those of others, those of files that have not
    /// changed, and those in force that a file which cannot be read may declare still.
    private func storedPolicies() -> [ObjectKey: Value] {
        var found = Dictionary(uniqueKeysWithValues: otherKeys(["Policy"]).map { ($0, spec($0) ?? [:]) })
        guard !unreadable.isEmpty else { return found }
        for (key, spec) in options.inForce where key.kind == "Policy" && byKey[key] == nil {
            found[key] = found[key] ?? spec
        }
        return found
    }

    /// Whether a Policy is for an object, by what it says itself or by what the object says.
    func covers(_ scope: PolicyScope, _ policy: ObjectKey, _ draft: Draft) -> Bool {
        let own = key(draft)
        guard policy.namespace == own.namespace else { return false }
        if draft.spec?["policyRefs"]?.array?.contains(.string(policy.name)) == true { return true }
        return scope.covers(draft, gitSource: options.gitSource)
    }

    /// What a Policy that was stored by another version demands is not known, and it may be anything.
    private mutating func reportUnreadable(_ policy: ObjectKey, _ index: Int) {
        judge(index) { assembly, findings in
            let root = assembly.drafts[index].root
            findings.report(
                .unreadablePolicy,
                root["metadata"]?["name"] ?? root,
                "must wait: \(policy) is for it, and what is stored of that cannot be read"
            )
        }
    }

    /// The field that an object waits by for a Policy that is for it.
    static let governedField = "metadata.name"

    /// The Policies of this load that have an error.
    func policiesWithErrors() -> [(key: ObjectKey, scope: PolicyScope)] {
        drafts.filter { $0.kind.name == "Policy" && $0.firstError != nil }
            .map { (key($0), PolicyScope($0.root["spec"]?["appliesTo"])) }
    }

    /// What leads from an object to those of some Policies that are for it: their demands would be missing.
    func references(to policies: [(key: ObjectKey, scope: PolicyScope)], of draft: Draft) -> [Reference] {
        guard !policies.isEmpty, PolicyScope.governed.contains(draft.kind.name),
            let name = draft.root["metadata"]?["name"]
        else { return [] }
        return policies.filter { covers($0.scope, $0.key, draft) }.map { policy in
            Reference(kind: "Policy", name: policy.key.name, field: Self.governedField, span: name.node.span)
        }
    }

    /// Makes assessors of roles that judge, in stages where something was delivered that they can judge.
    private mutating func assign(_ overlay: Overlay, _ index: Int) {
        let judges = Set(overlay.spec.assesses)
        guard !judges.isEmpty, var spec = drafts[index].spec, var stages = spec["stages"]?.array else {
            return
        }
        var isDelivered = false
        for position in stages.indices {
            let roles = (stages[position]["roles"]?.array ?? []).compactMap(\.string)
            let others = roles.filter { !judges.contains($0) }
            isDelivered =
                isDelivered || !others.isEmpty
                || stages[position]["workItems"]?.array?.isEmpty == false
            guard isDelivered, others.count < roles.count else {
                isDelivered = isDelivered || !roles.isEmpty
                continue
            }
            let before = (stages[position]["assessedBy"]?.array ?? []).compactMap(\.string)
            let moved = roles.filter { judges.contains($0) && !before.contains($0) }
            stages[position]["roles"] = .strings(others)
            stages[position]["assessedBy"] = .strings(before + moved)
        }
        spec["stages"] = .array(stages)
        setSpec(index, spec)
    }

    private mutating func requireGates(_ overlays: [Overlay], _ index: Int) {
        guard var spec = drafts[index].spec, var stages = spec["stages"]?.array else { return }
        let own = Set(stages.indices.filter { stages[$0]["gate"] != nil })
        var givers: [Int: Overlay] = [:]
        for overlay in overlays {
            for (position, rule) in overlay.spec.requireGates.enumerated()
            where rule.playbook ?? drafts[index].name == drafts[index].name {
                guard let stage = stages.firstIndex(where: { $0["name"]?.string == rule.stage }) else {
                    if rule.playbook != nil, overlay.index == nil { reportLost(rule, overlay.key, index) }
                    continue
                }
                guard !own.contains(stage) else { continue }
                if let giver = givers[stage], stages[stage]["gate"] != overlay.gates[position] {
                    let what = "the stage '\(rule.stage)'"
                    reportDisagreement(over: what, overlay, giver, index) { spec in
                        spec?["requireGates"]?[position]?["gate"] ?? spec?["stages"]
                    }
                    continue
                }
                givers[stage] = overlay
                stages[stage]["gate"] = overlay.gates[position]
            }
        }
        guard !givers.isEmpty else { return }
        spec["stages"] = .array(stages)
        // An error has taken the spec out of use already.
        if drafts[index].isGood { setSpec(index, spec) }
    }

    /// A stage that a stored Policy gates is gone: the playbook waits, since it would run without the gate.
    private mutating func reportLost(_ rule: PolicySpec.RequiredGate, _ policy: ObjectKey, _ index: Int) {
        judge(index) { assembly, findings in
            let root = assembly.drafts[index].root
            guard let place = root["spec"]?["stages"] else { return }
            findings.report(
                .unmatchedOverlay,
                at: place.mark,
                field: place.field,
                "\(place.field) must have the stage '\(rule.stage)', which \(policy) gates"
            )
        }
    }

    /// Reports the demands of a declared Policy that no stage meets.
    private mutating func reportUnmatched(_ overlay: Overlay) {
        guard let index = overlay.index, !overlay.spec.requireGates.isEmpty else { return }
        let stages = stages(under: overlay)
        let all = Set(stages.values.joined())
        for (position, rule) in overlay.spec.requireGates.enumerated() {
            let names = rule.playbook.map { stages[$0] } ?? all
            guard names?.contains(rule.stage) != true else { continue }
            judge(index) { assembly, findings in
                let rules = assembly.drafts[index].root["spec"]?["requireGates"]
                guard let place = rules?[position]?["stage"] else { return }
                findings.report(
                    .unmatchedOverlay,
                    place,
                    rule.playbook.map { "must be a stage of the Playbook '\($0)'; '\(rule.stage)' is none" }
                        ?? "must be a stage of a playbook; '\(rule.stage)' is none",
                    fix: findings.suggestion(for: rule.stage, among: Array(names ?? [])),
                    // A playbook that nobody knows yet may come with another source.
                    severity: rule.playbook != nil && names != nil ? .error : .warning
                )
            }
        }
    }

    /// The names of the stages of each playbook that a Policy may be for, by the playbook's name.
    private func stages(under overlay: Overlay) -> [String: Set<String>] {
        let declared = drafts.lazy.filter {
            $0.kind.name == "Playbook" && covers(overlay.scope, overlay.key, $0) && $0.spec != nil
        }.map { ($0.name, $0.spec) }
        let stored = otherKeys(["Playbook"]).lazy.filter { $0.namespace == overlay.key.namespace }
            .map { ($0.name, self.spec($0)) }
        var found: [String: Set<String>] = [:]
        for (name, spec) in Array(declared) + Array(stored) {
            found[name, default: []].formUnion(
                (spec?["stages"]?.array ?? []).compactMap { $0["name"]?.string }
            )
        }
        return found
    }

    /// The fields of the stages of a playbook that have a gate, by a Policy as well.
    func gatedStages(_ index: Int) -> Set<String> {
        let stages = drafts[index].spec?["stages"]?.array ?? []
        return Set(stages.indices.filter { stages[$0]["gate"] != nil }.map { "spec.stages[\($0)]" })
    }
}
