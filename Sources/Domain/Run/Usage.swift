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

    /// Tokens that were sent and answered.
    package var tokens: Int64 { inputTokens.addingOrLargest(outputTokens) }

    /// This usage with nothing below zero, since a worker may report anything.
    package var plausible: Usage {
        Usage(
            inputTokens: max(0, inputTokens),
            outputTokens: max(0, outputTokens),
            cost: max(.zero, cost),
            modelCalls: max(0, modelCalls),
            toolCalls: max(0, toolCalls),
            wallMilliseconds: max(0, wallMilliseconds)
        )
    }

    /// Nothing used.
    package static let zero = Usage()

    /// The sum of two usages; a number that would be too large is the largest, since a worker reports them.
    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            inputTokens: left.inputTokens.addingOrLargest(right.inputTokens),
            outputTokens: left.outputTokens.addingOrLargest(right.outputTokens),
            cost: left.cost + right.cost,
            modelCalls: left.modelCalls.addingOrLargest(right.modelCalls),
            toolCalls: left.toolCalls.addingOrLargest(right.toolCalls),
            wallMilliseconds: left.wallMilliseconds.addingOrLargest(right.wallMilliseconds)
        )
    }
}
