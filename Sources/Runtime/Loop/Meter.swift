internal import Domain
internal import Synchronization

/// What an attempt has used, counted as it happens, so that one that fails or runs out of time is billed too.
final class Meter: Sendable {
    private let state = Mutex(Usage.zero)
    private let price: ModelRouteSpec.Price?

    init(price: ModelRouteSpec.Price?) { self.price = price }

    var usage: Usage { state.withLock { $0 } }

    /// Counts one call of a model.
    func count(_ tokens: TokenCount) {
        state.withLock {
            $0.inputTokens += tokens.input
            $0.outputTokens += tokens.output
            $0.cost = $0.cost + cost(of: tokens, price: price)
            $0.modelCalls += 1
        }
    }

    /// Counts calls of tools.
    func countToolCalls(_ number: Int) { state.withLock { $0.toolCalls += Int64(number) } }

    /// Refuses a call of a model that would begin past a limit; its prompt is counted as the least it can
    /// cost.
    ///
    /// - Throws: `AttemptFailure` of category contract, since trying again would only use as much again.
    func admitCall(promptTokens: Int64, iteration: Int, limits: Contract.Limits) throws {
        let usage = usage
        guard iteration <= limits.iterations else {
            throw AttemptFailure(.contract, "The limit of \(limits.iterations) iterations is reached")
        }
        if let most = limits.tokens, usage.inputTokens + usage.outputTokens + promptTokens >= most {
            throw AttemptFailure(
                .contract,
                "The limit of \(most) tokens is reached: \(usage.inputTokens + usage.outputTokens) are "
                    + "used and the next call has at least \(promptTokens)"
            )
        }
        let estimate = cost(of: TokenCount(input: promptTokens, output: 0), price: price)
        if let most = limits.cost, usage.cost + estimate >= most {
            throw AttemptFailure(
                .contract,
                "The limit of $\(most) is reached: $\(usage.cost) is used and the next call costs at "
                    + "least $\(estimate)"
            )
        }
    }
}
