internal import Domain

/// Something a model may call: what it is told, what the call does, and how it is done.
struct Tool: Sendable {
    /// What a call does to the world; only reads may run side by side.
    enum Effect: String, Sendable { case read, write, execute, network, publish }

    /// Where a call is carried out.
    enum Owner: String, Sendable {
        /// On the workspace of the sandbox, or by a command in it.
        case sandbox
        case runtime
        case controlPlane
    }

    let name: String
    let summary: String
    /// JSON Schema of the input, in the part that ``InputSchema`` knows.
    let schema: Value
    let effect: Effect
    let owner: Owner
    let timeout: Duration
    /// Bytes of a result; what lies between its head and its tail beyond that is left out.
    let outputLimit: Int
    /// Throws `ToolRefusal` and `Failure`, which the model is shown, and `AttemptFailure`, which ends the
    /// attempt.
    let run: @Sendable (Value, ToolContext) async throws -> ToolOutput

    /// Whether a call changes what an assessment judges, or lets it out.
    var mutatesSubject: Bool { owner == .sandbox && (effect == .write || effect == .publish) }

    var description: ToolDescription { ToolDescription(name: name, summary: summary, schema: schema) }
}

/// What a call came to.
struct ToolOutput: Sendable, Hashable {
    let text: String
    let isError: Bool

    init(_ text: String, isError: Bool = false) {
        self.text = text
        self.isError = isError
    }
}

/// A call that is not done, said so that the model can do better.
struct ToolRefusal: Error, Sendable {
    let message: String

    init(_ message: String) { self.message = message }
}

/// What tools of one attempt work on.
struct ToolContext: Sendable {
    let contract: Contract
    let workbench: Workbench
    let desk: HandoffDesk
}

/// The tools one attempt may call.
struct Toolbox: Sendable {
    /// In the order of the contract, each once.
    let tools: [Tool]

    /// All tools of this runtime.
    static let catalogue: [Tool] = [
        .fileRead, .fileList, .grep, .fileWrite, .fileEdit, .shellExec, .gitCommit, .submitHandoff,
        .readPredecessorHandoff,
    ]

    /// The tools of a contract that this runtime knows; none that changes a workspace that is only read.
    init(for contract: Contract, catalogue: [Tool] = Toolbox.catalogue) {
        var seen: Set<String> = []
        tools = contract.tools.compactMap { name in
            guard seen.insert(name).inserted, let tool = catalogue.first(where: { $0.name == name }) else {
                return nil
            }
            return contract.isReadOnly && tool.mutatesSubject ? nil : tool
        }
    }

    subscript(name: String) -> Tool? { tools.first { $0.name == name } }

    var names: [String] { tools.map(\.name) }
}
