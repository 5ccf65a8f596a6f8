internal import Domain

// What may not change any more: Decisions, and what a run was started with.
extension Assembly {
    /// The fields of a Workflow that its run was started with.
    private static let startedWith = ["playbookRef", "workspaceRef", "parameters", "budget", "priority"]

    /// Reports fields that differ from those in force although nothing would follow from it.
    mutating func checkImmutable(_ index: Int) {
        let draft = drafts[index]
        // Beside another mistake it would only repeat that the same field is not as it was.
        guard draft.isGood, ["Decision", "Workflow"].contains(draft.kind.name), let spec = draft.spec,
            let old = options.inForce[key(draft)], let place = draft.root["spec"]
        else { return }
        let isDecision = draft.kind.name == "Decision"
        let fields = isDecision ? ["target", "action", "note", "input", "expects"] : Self.startedWith
        judge(index) { _, findings in
            for field in fields where spec[field] != old[field] {
                findings.report(
                    .immutable,
                    at: place[field]?.node.span ?? place.mark,
                    field: "spec.\(field)",
                    isDecision
                        ? "spec.\(field) must stay as it was; a Decision is made once"
                        : "spec.\(field) must stay as it was; the run has started with it",
                    fix: "make another \(draft.kind.name), with a name of its own"
                )
            }
        }
    }
}
