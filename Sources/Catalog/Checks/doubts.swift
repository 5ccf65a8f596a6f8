internal import Domain

/// Reports what is checked and kept and has no effect: a kind, or fields of one that has some.
///
/// A default is what is done without the field, too; the server fills it into whatever is changed there.
func doubtEffect(_ root: Place, _ shape: Shape, spec: Value?, _ findings: inout Findings) {
    guard shape.kind.isInert else {
        if let place = root["spec"], let spec { doubtFields(place, shape.spec, spec, &findings) }
        return
    }
    guard let kind = root["kind"] else { return }
    findings.report(
        .notActedOn,
        kind,
        "should not be relied on; nothing acts on objects of the kind \(shape.kind.name) yet"
    )
}

private func doubtFields(_ place: Place, _ fields: Fields, _ spec: Value, _ findings: inout Findings) {
    for (name, key, child) in place.members {
        guard let field = fields[name], let value = spec[name], value != field.filled else { continue }
        if field.isInert {
            findings.report(
                .notActedOn,
                at: key.span,
                field: child.field,
                "\(child.field) should not be relied on; nothing acts on it yet"
            )
        } else if let effective = field.effective, let word = child.text, !effective.contains(word) {
            findings.report(
                .notActedOn,
                child,
                "should be \(effective.joined(separator: " or ")) as yet; nothing acts on '\(clip(word))'"
            )
        } else if let inner = field.type.fields {
            doubtFields(child, inner, value, &findings)
            for (element, value) in zip(child.elements, value.array ?? []) {
                doubtFields(element, inner, value, &findings)
            }
        }
    }
}

/// Reports what a playbook without errors says that its author can hardly mean.
///
/// Only playbooks without errors are doubted: what is mended next may settle the doubt.
func doubtPlaybook(_ spec: Place, _ findings: inout Findings) {
    let stages = spec.list("stages")
    doubtRoles(spec, stages, &findings)
    for stage in stages where isEmpty(stage) {
        findings.report(
            .emptyStage,
            at: stage.mark,
            field: stage.field,
            "\(stage.field) should have roles, assessors, work items or a gate; nothing happens in it"
        )
    }
    for stage in stages { doubtApprovers(stage["gate"]?.list("approvers") ?? [], &findings) }
    for parameter in spec.list("parameters") where parameter["default"] != nil {
        guard let required = parameter["required"], required.isTrue else { continue }
        findings.report(
            .requiredWithDefault,
            required,
            "should be false beside a default",
            fix: "write false"
        )
    }
    doubtLimits(spec["limits"], stages, &findings)
}

/// Reports approvers as which nobody can come in yet.
private func doubtApprovers(_ approvers: [Place], _ findings: inout Findings) {
    for approver in approvers {
        guard let subject = approver.text?.split(separator: ":").first,
            ["user", "group", "key"].contains(subject)
        else { continue }
        findings.report(
            .notActedOn,
            approver,
            "should be role:, unix: or signer: as yet; nobody can come in as '\(clip(approver.text ?? ""))'"
        )
    }
}

private func isEmpty(_ stage: Place) -> Bool {
    stage["gate"] == nil && ["roles", "assessedBy", "workItems"].allSatisfy { stage.list($0).isEmpty }
}

private func doubtRoles(_ spec: Place, _ stages: [Place], _ findings: inout Findings) {
    let places = stages.flatMap { stage in
        stage.list("roles") + stage.list("assessedBy") + stage.list("workItems").compactMap { $0["role"] }
    }
    let agent = spec["orchestration"]?["roleRef"]?.text
    let busy = Set(places.compactMap(\.text) + [agent].compactMap(\.self))
    for role in spec.list("roles") {
        guard let name = role.text, !busy.contains(name) else { continue }
        findings.report(.idleRole, role, "should have a part in a stage; no stage names '\(name)'")
    }
}

private func doubtLimits(_ limits: Place?, _ stages: [Place], _ findings: inout Findings) {
    guard let limits else { return }
    if let all = limits["activeTasks"], let most = all.integer,
        let each = limits["activeTasksPerWorkItem"]?.integer,
        let items = limits["parallelWorkItems"]?.integer,
        most > each * items
    {
        findings.report(
            .looseLimit,
            all,
            "should be at most \(each * items), which activeTasksPerWorkItem and parallelWorkItems allow"
        )
    }
    let judging = stages.first { stage in
        !stage.list("assessedBy").isEmpty || stage["onChangesRequested"]?["returnTo"] != nil
    }
    if let rework = limits["reworkPerTask"], rework.integer == 0, let judging {
        let notes = judging["name"].map { [findings.note($0.node.span, "changes may be requested")] }
        findings.report(
            .noRework,
            rework,
            "should be at least 1, since a stage may ask for changes",
            notes: notes ?? []
        )
    }
}
