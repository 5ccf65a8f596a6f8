internal import Domain

/// A Policy in force for a load: declared in it, or stored already.
private struct Overlay {
    let key: ObjectKey
    /// Where it is declared in this load; nil for a stored one.
    let index: Int?
    let spec: PolicySpec
    /// What it says of gates, in the form that a playbook has them.
    let gates: [Value]
}

// Policies, laid over the playbooks of a load.
extension Assembly {
    /// Gives playbooks what Policies demand, and reports demands that nothing can meet.
    mutating func applyPolicies() {
        let overlays = overlays()
        guard !overlays.isEmpty else { return }
        for index in drafts.indices where drafts[index].kind.name == "Playbook" && drafts[index].isGood {
            for overlay in overlays where covers(overlay, drafts[index]) { assign(overlay, index) }
            requireGates(overlays.filter { covers($0, drafts[index]) }, index)
        }
        for overlay in overlays { reportUnmatched(overlay) }
    }

    private func overlays() -> [Overlay] {
        var found: [Overlay] = []
        for (index, draft) in drafts.enumerated() where draft.kind.name == "Policy" && draft.isGood {
            guard let spec = draft.spec, let overlay = overlay(key(draft), spec, index) else { continue }
            found.append(overlay)
        }
        for key in otherKeys(["Policy"]) {
            guard let spec = spec(key), let overlay = overlay(key, spec, nil) else { continue }
            found.append(overlay)
        }
        return found.sorted { $0.key < $1.key }
    }

    private func overlay(_ key: ObjectKey, _ value: Value, _ index: Int?) -> Overlay? {
        // A spec that another version of the program stored may lack what this one needs.
        guard let spec: PolicySpec = try? value.decode() else { return nil }
        let gates = (value["requireGates"]?.array ?? []).compactMap { $0["gate"] }
        guard gates.count == spec.requireGates.count else { return nil }
        return Overlay(key: key, index: index, spec: spec, gates: gates)
    }

    private func covers(_ overlay: Overlay, _ draft: Draft) -> Bool {
        let scope = overlay.spec.appliesTo
        return overlay.key.namespace == key(draft).namespace
            && (scope.source == nil || scope.source == options.gitSource)
            && scope.labels.allSatisfy { draft.labels?[$0.key] == $0.value }
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
        var givers: [Int: ObjectKey] = [:]
        for overlay in overlays {
            for (position, rule) in overlay.spec.requireGates.enumerated()
            where rule.playbook ?? drafts[index].name == drafts[index].name {
                guard let stage = stages.firstIndex(where: { $0["name"]?.string == rule.stage }) else {
                    if rule.playbook != nil, overlay.index == nil { reportLost(rule, overlay.key, index) }
                    continue
                }
                guard !own.contains(stage) else { continue }
                if let giver = givers[stage], stages[stage]["gate"] != overlay.gates[position] {
                    reportDisagreement(rule, overlay, giver, index)
                    continue
                }
                givers[stage] = overlay.key
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

    private mutating func reportDisagreement(
        _ rule: PolicySpec.RequiredGate,
        _ overlay: Overlay,
        _ giver: ObjectKey,
        _ playbook: Int
    ) {
        let message =
            "must not differ from what \(giver) says of the stage '\(rule.stage)' of \(key(drafts[playbook]))"
        let index = overlay.index ?? playbook
        judge(index) { assembly, findings in
            let spec = assembly.drafts[index].root["spec"]
            let rules = spec?.list("requireGates") ?? []
            let place = rules.first { $0["stage"]?.text == rule.stage }?["gate"] ?? spec?["stages"]
            guard let place else { return }
            findings.report(
                .policiesDisagree,
                at: place.mark,
                field: place.field,
                "\(place.field) \(message)"
            )
        }
    }

    /// Reports the demands of a declared Policy that no stage meets.
    private mutating func reportUnmatched(_ overlay: Overlay) {
        guard let index = overlay.index else { return }
        for (position, rule) in overlay.spec.requireGates.enumerated() {
            let playbooks = playbooks(for: rule, overlay)
            guard !playbooks.contains(where: { $0.contains(rule.stage) }) else { continue }
            judge(index) { assembly, findings in
                let rules = assembly.drafts[index].root["spec"]?.list("requireGates") ?? []
                guard let place = rules[position]["stage"] else { return }
                let names = Set(playbooks.joined()).sorted()
                findings.report(
                    .unmatchedOverlay,
                    place,
                    rule.playbook.map { "must be a stage of the Playbook '\($0)'; '\(rule.stage)' is none" }
                        ?? "must be a stage of a playbook; '\(rule.stage)' is none",
                    fix: nearestName(to: rule.stage, among: names).map { "did you mean '\($0)'?" },
                    // A playbook that nobody knows yet may come with another source.
                    severity: rule.playbook != nil && !playbooks.isEmpty ? .error : .warning
                )
            }
        }
    }

    /// The names of the stages of each playbook that a demand may be about.
    private func playbooks(for rule: PolicySpec.RequiredGate, _ overlay: Overlay) -> [[String]] {
        let declared = drafts.filter {
            $0.kind.name == "Playbook" && covers(overlay, $0) && $0.spec != nil
        }.map { ($0.name, $0.spec) }
        let stored = otherKeys(["Playbook"]).filter { $0.namespace == overlay.key.namespace }
            .map { ($0.name, self.spec($0)) }
        return (declared + stored).filter { rule.playbook ?? $0.0 == $0.0 }.map { _, spec in
            (spec?["stages"]?.array ?? []).compactMap { $0["name"]?.string }
        }
    }

    /// The fields of the stages of a playbook that have a gate, by a Policy as well.
    func gatedStages(_ index: Int) -> Set<String> {
        let stages = drafts[index].spec?["stages"]?.array ?? []
        return Set(stages.indices.filter { stages[$0]["gate"] != nil }.map { "spec.stages[\($0)]" })
    }
}
