internal import Domain

// What a piece of work asks of the run that it is given to.
extension Assembly {
    /// Checks a WorkItem, or what a Trigger makes one of, against the playbook of its run.
    mutating func checkIntake(_ index: Int) {
        guard let item = intake(of: drafts[index]), let reference = item["workflowRef"] else { return }
        let namespace = key(drafts[index]).namespace
        // What is not there, or has an error itself, has been told.
        guard let run = reference.text,
            let name = spec(ObjectKey("Workflow", namespace: namespace, name: run))?
                .at("playbookRef", "name")?.string
        else { return }
        let own = ObjectKey("Playbook", namespace: namespace, name: name)
        guard let playbook = spec(own) else { return }
        judge(index) { assembly, findings in
            if playbook["lifecycle"]?.string != "ongoing" {
                findings.report(
                    .plannedRun,
                    reference,
                    "must name a run of an ongoing playbook; '\(name)' is a planned one",
                    notes: assembly.note("the playbook is declared", own)
                )
            }
            let stages = (playbook["stages"]?.array ?? []).compactMap { $0["name"]?.string }
            let roles = (playbook["roles"]?.array ?? []).compactMap(\.string)
            assembly.check(item["stage"], .unknownStage, among: stages, of: own, "stage", &findings)
            assembly.check(item["role"], .foreignRole, among: roles, of: own, "role", &findings)
        }
    }

    /// The fields of the piece of work that an object is, or makes; nil for neither.
    private func intake(of draft: Draft) -> Place? {
        switch draft.kind.name {
        case "WorkItem": draft.root["spec"]
        case "Trigger": draft.root["spec"]?["action"]?["createWorkItem"]
        default: nil
        }
    }

    /// Reports what is none of the playbook's stages or roles, as which `noun` has it.
    private func check(
        _ place: Place?,
        _ code: Code,
        among names: [String],
        of playbook: ObjectKey,
        _ noun: String,
        _ findings: inout Findings
    ) {
        guard let place, let name = place.text, !names.contains(name) else { return }
        findings.report(
            code,
            place,
            "must name a \(noun) of the playbook '\(playbook.name)'; '\(clip(name))' not found",
            fix: findings.suggestion(for: name, among: names),
            notes: note("\(noun)s are declared", playbook, "\(noun)s")
        )
    }

    /// Where a field of an object's spec stands, or the whole spec; nothing for what is not in these files.
    private func note(_ message: String, _ key: ObjectKey, _ field: String? = nil) -> [Diagnostic.Note] {
        guard let draft = byKey[key].map({ drafts[$0] }) else { return [] }
        let spec = draft.root["spec"] ?? draft.root
        let place = field.flatMap { spec[$0] } ?? spec
        return [Diagnostic.Note(path: draft.path, position: place.mark.start, message: message)]
    }

    /// How many items each WorkItem of the load is a part of, directly or through others.
    ///
    /// An item whose way up leads in a circle has some number: it is held back.
    func depths() -> [ObjectKey: Int] {
        var depths: [ObjectKey: Int] = [:]
        for own in byKey.keys where own.kind == "WorkItem" {
            var way: [ObjectKey] = []
            var here: ObjectKey? = own
            while let item = here, depths[item] == nil {
                way.append(item)
                // Stands for a way that comes back; it is replaced below.
                depths[item] = 0
                here = parent(of: item)
            }
            var depth = here.flatMap { depths[$0] } ?? -1
            for item in way.reversed() {
                depth += 1
                depths[item] = depth
            }
        }
        return depths
    }

    private func parent(of item: ObjectKey) -> ObjectKey? {
        let name = byKey[item].flatMap { drafts[$0].spec?["parentRef"]?.string }
        return name.map { ObjectKey(item.kind, namespace: item.namespace, name: $0) }
    }
}
