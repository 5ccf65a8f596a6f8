internal import Domain

extension Tool {
    /// Ends the task by handing over; exactly once.
    static let submitHandoff = Tool(
        name: "submit_handoff",
        summary:
            "Ends this task: says what was done and what comes after. Call it once, last. An assessment "
            + "gives its "
            + "resolution; a delivery has none.",
        schema: objectSchema(
            [
                "summary": textSchema("What was done, in a few sentences.", maxLength: 4000, minLength: 1),
                "completion": ["type": "string", "enum": ["full", "blocked"]],
                "resolution": ["type": "string", "enum": .strings(Resolution.allCases.map(\.rawValue))],
                "changes": list("What was changed.", 200),
                "decisions": list("What was decided, and why.", 200),
                "remaining_items": list("What is left to do.", 200),
                "blockers": list("What is in the way.", 200),
                "focus_areas": list("Where successors should look.", 100),
                "known_risks": list("What may go wrong.", 100),
                "successor_context": textSchema("What the next agent must know.", maxLength: 8000),
                "role_data": ["type": "object", "description": "What this role must hand over."],
            ],
            required: ["summary", "completion"]
        ),
        effect: .publish,
        owner: .controlPlane,
        timeout: .seconds(30),
        outputLimit: 4 << 10
    ) { input, context in
        let input = input.withoutNulls
        let problems = missing(in: input, for: context.contract)
        guard problems.isEmpty, let summary = input["summary"]?.string,
            let completion = input["completion"]?.string.flatMap(Handoff.Completion.init)
        else { throw ToolRefusal("The handoff is incomplete: \(problems.joined(separator: "; "))") }
        let handoff = Handoff(
            summary: summary,
            completion: completion,
            resolution: input["resolution"]?.string.flatMap(Resolution.init),
            body: input
        )
        guard context.desk.submit(handoff) else { throw ToolRefusal("The handoff was submitted already") }
        return ToolOutput("The handoff is accepted. This task is over.")
    }
}

/// What a handoff lacks by the contract, a sentence each.
private func missing(in input: Value, for contract: Contract) -> [String] {
    var problems: [String] = []
    switch (contract.identity.purpose, input["resolution"]?.string) {
    case (.assessment, nil):
        let choices = Resolution.allCases.map(\.rawValue).joined(separator: ", ")
        problems.append("an assessment must give its `resolution`, one of: \(choices)")
    case (.delivery, .some): problems.append("only an assessment gives a `resolution`")
    default: break
    }
    for key in contract.requiredHandoff {
        let value = input["role_data"]?[key]
        if value == nil || value == .string("") { problems.append("`role_data.\(key)` is missing") }
    }
    return problems
}

private func list(_ description: String, _ most: Int64) -> Value {
    ["type": "array", "description": .string(description), "maxItems": .integer(most)]
}
