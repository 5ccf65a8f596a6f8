internal import Domain

extension Shape {
    static let playbook = Shape(
        "Playbook",
        "A repeatable recipe: roles, stages, gates, limits and what counts as done.",
        columns: [
            Column("Version", "spec.version"), Column("Outcome", "spec.outcome", isWide: true),
        ] + Column.readiness,
        spec: [
            .required("displayName", .line(), "What people call it."),
            .required("version", .format(.version), "Its version; raise it with every change."),
            .required("outcome", .prose(4000), "What is true when a run of it is done."),
            .optional("summary", .prose(2000), "What it is for, in a few sentences."),
            .defaulted(
                "lifecycle",
                .word("planned", "ongoing"),
                "planned",
                "A planned run ends with its last stage; an ongoing one takes work for ever."
            ).notYet(but: ["planned"]),
            .defaulted("parameters", .list(.object(parameter)), [], "What a run of it must or may be given."),
            .required(
                "roles",
                .list(.reference("Role"), minimum: 1, isUnique: true),
                "The Roles that its stages may use."
            ),
            .required(
                "stages",
                .list(.object(stage), minimum: 1),
                "The stages, in the order they are worked."
            ),
            .required(
                "instructions",
                .prose(SourceText.sizeLimit),
                "What everyone who works on a run of it must know."
            ),
            .defaulted("orchestration", .object(orchestration), [:], "Who decides what happens next."),
            .defaulted("limits", .object(limits), [:], "Bounds of a run."),
            .defaulted("retry", .object(retry), [:], "What happens when a task fails for an outside reason."),
            .optional(
                "runtimeProfileRef",
                .reference("RuntimeProfile"),
                "The sandbox of the tasks whose Role names none."
            ),
            .optional(
                "policyRefs",
                .list(.reference("Policy"), isUnique: true),
                "Policies that it is under, whatever those say that they are for."
            ),
            .optional("board", .object(board), "How the work items of a run are shown.").notYet,
        ],
        check: checkPlaybook
    )

    private static let parameter: Fields = [
        .required("name", .format(.parameterName), "The name that a run gives it by."),
        .required("title", .line(255), "What is asked for."),
        .defaulted("required", .boolean, false, "Whether a run must give it."),
        .optional("default", .prose(), "What it is when a run does not give it."),
        .optional("maxLength", .integer(1...1_000_000), "How many characters it may have."),
    ]

    private static let stage: Fields = [
        .required("name", .format(.dnsLabel), "Its name, unique in the playbook."),
        .required("goal", .prose(4000), "What is true when it is done."),
        .optional("guidance", .prose(), "How to get there."),
        .defaulted("roles", .names(.dnsLabel), [], "The roles that deliver, in order."),
        .defaulted("assessedBy", .names(.dnsLabel), [], "The roles that judge the newest delivery."),
        .defaulted("workItems", .list(.object(stageItem)), [], "Pieces of work that it always has."),
        .optional("gate", .object(gate), "A person's approval before it counts as done."),
        .defaulted(
            "onChangesRequested",
            .object(onChangesRequested),
            [:],
            "What a request for changes leads to."
        ),
    ]

    private static let stageItem: Fields = [
        .required("name", .format(.dnsLabel), "Its name, unique in the stage."),
        .optional("title", .line(), "What people call it."),
        .optional("goal", .prose(2000), "What is true when it is done."),
        .optional("acceptance", .prose(), "How one sees that it is done."),
        .optional("role", .format(.dnsLabel), "The role that delivers it; absent: the roles of the stage."),
        .defaulted("dependsOn", .names(.dnsLabel), [], "Items of the stage that must be done before."),
    ]

    static let gate: Fields = [
        .required(
            "approvers",
            .list(.line(), minimum: 1, isUnique: true),
            "Who may approve: role:<access role>, unix:<uid> or signer:<fingerprint>; others later."
        ),
        .defaulted("count", .integer(1...20), 1, "How many different people must approve."),
        .defaulted(
            "notBy",
            .list(.word("requester", "author"), isUnique: true),
            [],
            "Who may not approve: who asked for the run, or who wrote what is judged. Must be empty as yet."
        ),
        .defaulted("onReject", .word("fail", "hold", "returnTo"), "fail", "What a rejection leads to."),
        .optional("timeout", .duration(atLeast: .seconds(1)), "How long it waits."),
        .defaulted(
            "onTimeout",
            .word("hold", "fail", "escalate"),
            "hold",
            "What happens then; never an approval."
        ),
    ]

    private static let onChangesRequested: Fields = [
        .optional("returnTo", .format(.dnsLabel), "The earlier stage that is worked again."),
        .defaulted("maxCycles", .integer(1...100), 3, "How often."),
        .defaulted("whenExhausted", .word("escalate", "fail"), "escalate", "What happens after that."),
    ]

    private static let board: Fields = [
        .required("entry", .format(.dnsLabel), "The id of the column that items begin in."),
        .required("columns", .list(.object(column), minimum: 1), "The columns, from the left."),
    ]

    private static let column: Fields = [
        .required("id", .format(.dnsLabel), "Its id, unique on the board."),
        .required("label", .line(), "What people call it."),
        .defaulted("blocked", .boolean, false, "Whether items in it wait for somebody."),
        .defaulted("terminal", .boolean, false, "Whether items in it are done."),
    ]

    static let orchestration: Fields = [
        .defaulted("mode", .word("rules", "agent"), "rules", "The rules, or an agent within the same rules.")
            .notYet(but: ["rules"]),
        .optional("roleRef", .reference("Role"), "The Role of the agent.").notYet,
    ]

    static let limits: Fields = [
        .defaulted("reworkPerTask", .integer(0...1000), 10, "How often one task may be worked again."),
        .optional("activeTasks", .integer(1...1000), "How many tasks may run at once."),
        .optional("activeTasksPerWorkItem", .integer(1...1000), "How many of one work item."),
        .optional(
            "parallelWorkItems",
            .integer(1...1000),
            "How many work items of a stage may be begun at once."
        ),
        .defaulted(
            "iterationsPerTask",
            .integer(1...100_000),
            800,
            "How many model calls one attempt at a task may make."
        ),
        .defaulted("modelRetries", .integer(0...100), 5, "How often one model call is tried again."),
        .optional(
            "tokensPerTask",
            .integer(1...1_000_000_000_000),
            "How many tokens one attempt at a task may use."
        ),
        .optional("costUSDPerTask", .format(.money), "How many US dollars one attempt at a task may cost."),
    ]

    private static let retry: Fields = [
        .defaulted(
            "maxAttempts",
            .integer(1...100),
            3,
            "How often a task is tried, the first time included."
        ),
        .defaulted("backoff", .word("fixed", "linear", "exponential"), "exponential", "How the pauses grow."),
        .defaulted(
            "categories",
            .names(.identifier),
            ["timeout", "network", "resource", "infrastructure"],
            "The failures after which it is tried again."
        ),
    ]
}

@Sendable private func checkPlaybook(_ spec: Place, _ findings: inout Findings) {
    let stages = spec.list("stages")
    requireUniqueNames(spec.list("parameters"), &findings)
    requireUniqueNames(stages, &findings)
    let roles = Set(spec.list("roles").compactMap(\.text))
    var earlier: [String] = []
    var isSomethingDelivered = false
    for stage in stages {
        requireUniqueNames(stage.list("workItems"), &findings)
        checkRoles(of: stage, roles, spec, &findings)
        checkItems(of: stage, &findings)
        checkGate(of: stage, &findings)
        checkReturn(of: stage, earlier, &findings)
        if !stage.list("roles").isEmpty || !stage.list("workItems").isEmpty { isSomethingDelivered = true }
        if !isSomethingDelivered, let assessors = stage["assessedBy"], !assessors.elements.isEmpty {
            findings.report(
                .nothingToJudge,
                assessors,
                "must stand in or after a stage that delivers something"
            )
        }
        if let name = stage["name"]?.text { earlier.append(name) }
    }
    for parameter in spec.list("parameters") { checkDefault(of: parameter, &findings) }
    checkOrchestration(spec["orchestration"], &findings)
    checkBoard(spec["board"], &findings)
}

/// Checks who decides in a playbook, or in one run of it.
func checkOrchestration(_ place: Place?, _ findings: inout Findings) {
    guard let mode = place?["mode"], mode.text == "agent", place?["roleRef"] == nil else { return }
    findings.report(.contradiction, mode, "must have a roleRef beside it to be agent")
}

private func checkBoard(_ board: Place?, _ findings: inout Findings) {
    guard let board else { return }
    let columns = board.list("columns")
    requireUnique("id", of: columns, &findings)
    let ids = columns.compactMap { $0["id"]?.text }
    guard let entry = board["entry"], let id = entry.text, !ids.isEmpty, !ids.contains(id) else { return }
    findings.report(
        .unknownWord,
        entry,
        "must be the id of a column; '\(clip(id))' is none",
        fix: findings.suggestion(for: id, among: ids)
    )
}

/// Roles can only be judged where a list of them stands; otherwise that is the mistake.
private func checkRoles(of stage: Place, _ roles: Set<String>, _ spec: Place, _ findings: inout Findings) {
    guard case .sequence = spec["roles"]?.node.content else { return }
    let places =
        stage.list("roles") + stage.list("assessedBy") + stage.list("workItems").compactMap { $0["role"] }
    for place in places {
        guard let name = place.text, !roles.contains(name) else { continue }
        findings.report(
            .foreignRole,
            place,
            "must name a Role of this playbook; '\(name)' not found",
            fix: findings.suggestion(for: name, among: Array(roles)),
            notes: spec["roles"].map { [findings.note($0.mark, "roles are declared")] } ?? []
        )
    }
}

private func checkItems(of stage: Place, _ findings: inout Findings) {
    let items = stage.list("workItems")
    let names = items.compactMap { $0["name"]?.text }
    let known = Set(names)
    var next: [String: [String]] = [:]
    for item in items {
        for dependency in item.list("dependsOn") {
            guard let name = dependency.text else { continue }
            if known.contains(name) {
                if let own = item["name"]?.text { next[own, default: []].append(name) }
            } else {
                findings.report(
                    .unknownItem,
                    dependency,
                    "must name a work item of its stage; '\(name)' not found",
                    fix: findings.suggestion(for: name, among: names)
                )
            }
        }
    }
    guard let cycle = firstCycle(names, next),
        let place = items.first(where: { $0["name"]?.text == cycle.first })?["dependsOn"]
    else { return }
    findings.report(.cycle, place, "must not form a cycle: \(cycle.joined(separator: " → "))")
}

/// Checks the gate of a stage, or of what a Policy says of one.
func checkGate(of stage: Place, _ findings: inout Findings) {
    guard let gate = stage["gate"] else { return }
    let accessRoles = AccessRole.allCases.map(\.rawValue)
    let approvers = gate.list("approvers")
    for approver in approvers {
        guard let text = approver.text else { continue }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init
        )
        if parts.count == 2, parts[0] == "role" {
            guard !accessRoles.contains(parts[1]) else { continue }
            findings.report(
                .approver,
                approver,
                "must name an access role: \(accessRoles.joined(separator: ", "))",
                fix: findings.nearest(to: parts[1], among: accessRoles).map { "did you mean 'role:\($0)'?" }
            )
        } else if !TextFormat.subject.accepts(text) {
            findings.report(
                .approver,
                approver,
                "must be role:<access role> or a subject; '\(text)' found",
                fix: accessRoles.contains(text) ? "write \"role:\(text)\"" : nil
            )
        }
    }
    if let place = gate["notBy"], !place.elements.isEmpty {
        findings.report(
            .notActedOn,
            at: place.mark,
            field: place.field,
            "\(place.field) must be empty as yet: nobody can tell who asked or wrote, so no vote counts",
            severity: .error
        )
    }
    let people = approvers.compactMap(\.text).filter { !$0.hasPrefix("role:") && !$0.hasPrefix("group:") }
    if let count = gate["count"], let number = count.integer, people.count == approvers.count,
        number > people.count, !people.isEmpty
    {
        findings.report(
            .tooFewApprovers,
            count,
            "must be at most the number of approvers, which is \(people.count)"
        )
    }
    if let onReject = gate["onReject"], onReject.text == "returnTo",
        stage["onChangesRequested"]?["returnTo"] == nil
    {
        findings.report(.nowhereToReturn, onReject, "must have onChangesRequested.returnTo in its stage")
    }
}

private func checkReturn(of stage: Place, _ earlier: [String], _ findings: inout Findings) {
    guard let place = stage["onChangesRequested"]?["returnTo"], let name = place.text, !earlier.contains(name)
    else { return }
    findings.report(
        .notEarlierStage,
        place,
        "must name an earlier stage; '\(name)' is none",
        fix: findings.suggestion(for: name, among: earlier)
    )
}

private func checkDefault(of parameter: Place, _ findings: inout Findings) {
    guard let value = parameter["default"], let text = value.text else { return }
    if let limit = parameter["maxLength"]?.integer, text.unicodeScalars.count > limit {
        findings.report(.contradiction, value, "must be at most as long as maxLength, which is \(limit)")
    }
}
