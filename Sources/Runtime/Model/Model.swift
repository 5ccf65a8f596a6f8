internal import Domain

/// Tokens of one call of a model.
struct TokenCount: Sendable, Hashable {
    let input: Int64
    let output: Int64
}

/// What a model answers: text, calls of tools, and what it cost.
struct ModelTurn: Sendable, Hashable {
    let text: String
    let calls: [ToolCall]
    let tokens: TokenCount
}

/// Whoever thinks: it is shown a transcript and answers with a turn.
struct Model: Sendable {
    /// How logs call it; `scripted` says that nobody thinks.
    let label: String
    /// Throws `Failure`; one that is transient is asked again.
    let reply: @Sendable (Transcript) async throws -> ModelTurn
}

extension Model {
    /// The model that a contract names.
    ///
    /// - Throws: `Failure.unsupported` for a wire that this runtime does not speak.
    static func named(in contract: Contract) throws -> Model {
        switch contract.model.provider.type {
        case .scripted:
            guard let screenplay = contract.model.provider.screenplay else {
                throw Failure(
                    .invalid,
                    "The scripted provider of route `\(contract.model.route)` has no screenplay"
                )
            }
            return .scripted(screenplay, for: contract.identity)
        case let wire:
            throw Failure(.unsupported, "This runtime does not speak the wire `\(wire.rawValue)` yet")
        }
    }
}

/// Tokens of a number of UTF-8 bytes: a quarter, rounded up, so that bills can be repeated.
func tokens(ofBytes count: Int) -> Int64 { Int64((count + 3) / 4) }

/// The price of a call; nothing where the route has no price.
func cost(of tokens: TokenCount, price: ModelRouteSpec.Price?) -> USD {
    guard let price else { return .zero }
    return .price(tokens: tokens.input, perMillion: price.inputPerMillion)
        + .price(tokens: tokens.output, perMillion: price.outputPerMillion)
}
