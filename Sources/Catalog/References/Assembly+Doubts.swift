internal import Domain

// What is no mistake and hardly meant: warnings, which hold nothing back.
extension Assembly {
    /// Kinds that only have an effect when another object names them.
    private static let named: Set<String> = ["Role", "RuntimeProfile", "Skill", "ToolProfile"]

    /// Reports the doubts about all objects that have no error.
    mutating func reportDoubts() {
        for index in drafts.indices where drafts[index].isGood {
            if drafts[index].kind.name == "Playbook" {
                doubtPlaybook(index)
            } else if !drafts[index].doubts.isEmpty {
                judge(index) { for doubt in $0.drafts[index].doubts { $1.report(doubt) } }
            }
        }
        guard options.isWhole, !drafts.contains(where: { !$0.isGood }), unreadable.isEmpty else { return }
        // An error may hide who uses what, so this is only asked of files that have none.
        doubtUnused()
    }

    private mutating func doubtPlaybook(_ index: Int) {
        guard let place = drafts[index].root["spec"] else { return }
        let namespace = key(drafts[index]).namespace
        judge(index) { assembly, findings in
            let gated = assembly.gatedStages(index)
            for doubt in assembly.drafts[index].doubts {
                // A stage that a Policy gates is not empty.
                let isMet = doubt.code == Code.emptyStage.rawValue && gated.contains(doubt.field ?? "")
                if !isMet { findings.report(doubt) }
            }
            assembly.doubtAssessors(place, namespace, &findings)
            assembly.doubtVersion(index, &findings)
        }
    }

    /// Reports assessors that could change what they judge.
    private func doubtAssessors(_ spec: Place, _ namespace: String?, _ findings: inout Findings) {
        for assessor in spec.list("stages").flatMap({ $0.list("assessedBy") }) {
            guard let name = assessor.text,
                let role = self.spec(ObjectKey("Role", namespace: namespace, name: name))
            else { continue }
            let profile = role["toolProfileRef"]?.string.flatMap {
                self.spec(ObjectKey("ToolProfile", namespace: namespace, name: $0))
            }
            let tools = ((profile ?? role)["tools"]?.array ?? []).compactMap(\.string)
            guard let tool = tools.first(where: { ["git_commit", "git_push"].contains($0) }) else { continue }
            findings.report(
                .writingAssessor,
                assessor,
                "should name a Role that cannot change what it judges; '\(name)' has the tool \(tool)"
            )
        }
    }

    /// Reports a playbook that is another than the one in force and calls itself by the same version.
    private func doubtVersion(_ index: Int, _ findings: inout Findings) {
        let draft = drafts[index]
        guard let spec = draft.spec, let old = options.inForce[key(draft)], spec["version"] == old["version"],
            digest(of: spec) != digest(of: old), let version = draft.root["spec"]?["version"]
        else { return }
        findings.report(
            .unchangedVersion,
            version,
            "should be raised, since another playbook of version \(version.text ?? "") is in force"
        )
    }

    private mutating func doubtUnused() {
        let candidates = drafts.indices.filter {
            Self.named.contains(drafts[$0].kind.name) && referring[key(drafts[$0])] == nil
        }
        guard !candidates.isEmpty else { return }
        // What stored objects refer to is not kept, so any text of their specs counts as a name.
        var mentioned: Set<String> = []
        for spec in options.existing.values { spec.addTexts(to: &mentioned) }
        for index in candidates where !mentioned.contains(drafts[index].name) {
            let kind = drafts[index].kind.name
            guard let name = drafts[index].root["metadata"]?["name"] else { continue }
            judge(index) { $1.report(.unused, name, "should be used; nothing names this \(kind)") }
        }
    }
}

extension Value {
    fileprivate func addTexts(to texts: inout Set<String>) {
        if let string { texts.insert(string) }
        for element in array ?? [] { element.addTexts(to: &texts) }
        for member in (object ?? [:]).values { member.addTexts(to: &texts) }
    }
}
