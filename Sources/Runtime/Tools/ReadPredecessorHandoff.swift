internal import Domain

extension Tool {
    /// Shows what earlier agents handed over.
    static let readPredecessorHandoff = Tool(
        name: "read_predecessor_handoff",
        summary: "Shows what earlier agents of this run handed over, the newest last.",
        schema: objectSchema(["stage": textSchema("Only handoffs of this stage.", minLength: 1)]),
        effect: .read,
        owner: .runtime,
        timeout: .seconds(5),
        outputLimit: 100 << 10
    ) { input, context in
        let all = context.contract.predecessors
        let stage = input["stage"]?.string
        let wanted = all.filter { (stage ?? $0.stage) == $0.stage }
        if wanted.isEmpty, let stage {
            let stages = Set(all.map(\.stage)).sorted().joined(separator: ", ")
            throw ToolRefusal(
                "There is no handoff of stage `\(stage)`; there are: \(stages.isEmpty ? "none" : stages)"
            )
        }
        let list = wanted.map { one -> Value in
            [
                "stage": .string(one.stage), "role": .string(one.role),
                "revision": .integer(Int64(one.revision)),
                "handoff": one.handoff,
            ]
        }
        return ToolOutput(list.isEmpty ? "[there is no earlier handoff]" : Value.array(list).prettyJSON)
    }
}
