package import Domain

/// Everything an attempt needs, from the run as it is after the claim and the pinned specs.
///
/// *Throws* a `Failure(.invalid)` that names what the pins lack; a loaded configuration cannot cause it.
package func contract(for attempt: AttemptRecord, task: TaskRecord, run: Run, pins: Pins) throws -> Contract {
    guard let role = pins.roles[task.role] else { throw missing("role '\(task.role)'") }
    guard let stage = pins.playbook.stages.first(where: { $0.name == task.stage }),
        let item = run.items.first(where: { $0.uid == task.workItemUID })
    else { throw missing("stage '\(task.stage)'") }
    let tools = try tools(of: role, pins)
    return Contract(
        identity: Contract.Identity(task: task, attempt: attempt),
        instructions: instructions(of: role, pins),
        brief: brief(of: task, item, stage, run, pins),
        predecessors: predecessors(of: task, run),
        documents: documents(of: role, pins),
        tools: tools.tools,
        shell: tools.shell,
        writablePaths: tools.paths.write,
        model: try model(of: role, pins),
        limits: limits(of: role, run, pins),
        sandbox: try sandbox(of: role, pins),
        workspace: workspace(run, pins),
        requiredHandoff: role.handoff.required
    )
}

private func missing(_ what: String) -> Failure { Failure(.invalid, "the run's pins lack \(what)") }

private func tools(of role: RoleSpec, _ pins: Pins) throws -> ToolProfileSpec {
    guard let name = role.toolProfileRef else {
        return ToolProfileSpec(tools: role.tools)
    }
    guard let profile = pins.toolProfiles[name] else { throw missing("tool profile '\(name)'") }
    return profile
}

private func model(of role: RoleSpec, _ pins: Pins) throws -> Contract.Model {
    guard let name = role.modelRouteRef ?? pins.defaultRoute, let route = pins.modelRoutes[name] else {
        throw missing("model route of role '\(role.displayName)'")
    }
    guard let provider = pins.modelProviders[route.primary.providerRef] else {
        throw missing("model provider '\(route.primary.providerRef)'")
    }
    return Contract.Model(
        route: name,
        model: route.primary.model,
        provider: provider,
        contextWindow: route.contextWindow,
        maxOutput: route.maxOutput,
        price: route.price
    )
}

private func sandbox(of role: RoleSpec, _ pins: Pins) throws -> RuntimeProfileSpec {
    guard let name = role.runtimeProfileRef ?? pins.playbook.runtimeProfileRef else { return .unlimited }
    guard let profile = pins.runtimeProfiles[name] else { throw missing("runtime profile '\(name)'") }
    return profile
}

/// The commands that the sandbox of a task must have, sorted as they are declared.
package func requiredCommands(of task: TaskRecord, _ pins: Pins) -> [String] {
    let name = pins.roles[task.role]?.runtimeProfileRef ?? pins.playbook.runtimeProfileRef
    return name.flatMap { pins.runtimeProfiles[$0] }?.requiredCommands ?? []
}

private func limits(of role: RoleSpec, _ run: Run, _ pins: Pins) -> Contract.Limits {
    let limits = pins.playbook.limits
    let budget = mayExceedBudget(run, pins) ? nil : pins.workflow.budget
    let left = budget?.costUSD.map { budget in
        USD(nanodollars: max(0, budget.nanodollars - run.workflow.spend.cost.nanodollars))
    }
    let cost = [left, limits.costUSDPerTask].compactMap { $0 }.min()
    let profile = (role.runtimeProfileRef ?? pins.playbook.runtimeProfileRef).flatMap {
        pins.runtimeProfiles[$0]
    }
    let timeout = profile.flatMap { Duration(text: $0.taskTimeout) } ?? .seconds(180 * 60)
    return Contract.Limits(
        iterations: limits.iterationsPerTask,
        modelRetries: limits.modelRetries,
        tokens: limits.tokensPerTask,
        cost: cost,
        timeoutMilliseconds: timeout.milliseconds
    )
}

private func workspace(_ run: Run, _ pins: Pins) -> Contract.Workspace? {
    guard let spec = pins.workspace, let name = pins.workspaceName, let branch = run.workflow.branch else {
        return nil
    }
    let abandoned = run.attempts.filter { $0.state != .completed && $0.state != .live }.compactMap(
        \.announced
    )
    return Contract.Workspace(
        name: name,
        spec: spec,
        branch: branch,
        head: run.workflow.head,
        abandoned: abandoned
    )
}

/// The newest handoff of every delivery before this task, in order of creation.
private func predecessors(of task: TaskRecord, _ run: Run) -> [Contract.Predecessor] {
    let newest = run.handoffs.reduce(into: [UID: HandoffRecord]()) { $0[$1.taskUID] = $1 }
    return newest.values.sorted { $0.ordinal < $1.ordinal }.map { handoff in
        Contract.Predecessor(
            stage: handoff.stage,
            role: handoff.role,
            revision: handoff.revision,
            handoff: handoff.body
        )
    }
}

/// Where a skill that is delivered on demand lies, below `/workspace`.
private func place(ofSkill name: String) -> String { "context/skills/\(name).md" }

/// The skills of the role that are read on demand.
private func documents(of role: RoleSpec, _ pins: Pins) -> [Contract.Document] {
    role.skillRefs.compactMap { name in
        guard let skill = pins.skills[name], skill.delivery == .onDemand else { return nil }
        return Contract.Document(path: place(ofSkill: name), text: skill.body)
    }
}

/// The system prompt: constant for a role within a run, so that providers can cache it.
private func instructions(of role: RoleSpec, _ pins: Pins) -> String {
    var parts = ["# \(role.displayName)\n\n\(role.prompt)"]
    parts.append("# How this playbook works\n\n\(pins.playbook.instructions)")
    for name in role.skillRefs {
        guard let skill = pins.skills[name] else { continue }
        let text =
            skill.delivery == .inline
            ? skill.body : "\(skill.summary)\nRead it in /workspace/\(place(ofSkill: name))."
        parts.append("# Skill: \(skill.displayName)\n\n\(text)")
    }
    return parts.map { $0.hasSuffix("\n") ? String($0.dropLast()) : $0 }.joined(separator: "\n\n") + "\n"
}

/// The task's own words; no id, clock or lease stands in them, so that equal runs have equal prompts.
private func brief(
    of task: TaskRecord,
    _ item: WorkItemRecord,
    _ stage: PlaybookSpec.Stage,
    _ run: Run,
    _ pins: Pins
) -> String {
    var lines = [
        "Outcome of the whole run: \(pins.playbook.outcome)", "Stage '\(stage.name)': \(stage.goal)",
    ]
    if item.goal != stage.goal { lines.append("Work item '\(item.title)': \(item.goal)") }
    if let guidance = stage.guidance { lines.append("Guidance: \(guidance)") }
    if let acceptance = item.acceptance { lines.append("Accepted when: \(acceptance)") }
    for parameter in pins.playbook.parameters {
        guard let value = run.workflow.parameters[parameter.name] ?? parameter.default else { continue }
        lines.append("\(parameter.title): \(value)")
    }
    if let note = pins.workspace?.brief { lines.append("About the workspace: \(note)") }
    if let subject = task.subject {
        lines.append("You judge task \(subject.task), revision \(subject.revision).")
    }
    if !task.feedback.isEmpty {
        lines.append("Revision \(task.revision). What was asked for:")
        lines += task.feedback.map { "- \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
}
