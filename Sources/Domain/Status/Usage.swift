/// What a piece of work has cost so far.
package struct Usage: Sendable, Hashable, Codable {
    package var inputTokens: Int64
    package var outputTokens: Int64
    package var cost: USD
    package var modelCalls: Int64
    package var toolCalls: Int64
    /// Time between claim and report, in milliseconds.
    package var wallMilliseconds: Int64

    /// A usage of its parts.
    package init(
        inputTokens: Int64 = 0,
        outputTokens: Int64 = 0,
        cost: USD = .zero,
        modelCalls: Int64 = 0,
        toolCalls: Int64 = 0,
        wallMilliseconds: Int64 = 0
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cost = cost
        self.modelCalls = modelCalls
        self.toolCalls = toolCalls
        self.wallMilliseconds = wallMilliseconds
    }

    /// Nothing used.
    package static let zero = Usage()

    /// The sum of two usages.
    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            inputTokens: left.inputTokens + right.inputTokens,
            outputTokens: left.outputTokens + right.outputTokens,
            cost: left.cost + right.cost,
            modelCalls: left.modelCalls + right.modelCalls,
            toolCalls: left.toolCalls + right.toolCalls,
            wallMilliseconds: left.wallMilliseconds + right.wallMilliseconds
        )
    }
}
