/// The spec of a ModelProvider: where models are reached, or a screenplay that replaces thinking.
package struct ModelProviderSpec: Sendable, Hashable, Codable {
    package enum Wire: String, Sendable, Codable {
        case anthropic, openai, google, ollama, vllm, openrouter, scripted
    }

    package var type: Wire
    package var baseURL: String?
    package var screenplay: Screenplay?
}

/// The spec of a ModelRoute: which model answers, its limits and its price.
package struct ModelRouteSpec: Sendable, Hashable, Codable {
    package struct Target: Sendable, Hashable, Codable {
        package var providerRef: String
        package var model: String
    }

    package struct Price: Sendable, Hashable, Codable {
        package var inputPerMillion: USD
        package var outputPerMillion: USD
        package var cachedInputPerMillion: USD?
    }

    package var primary: Target
    package var fallbacks: [Target]
    package var contextWindow: Int
    package var maxOutput: Int
    package var price: Price?
    package var `default`: Bool
}

/// A screenplay: the turns that a `scripted` provider plays instead of asking a model.
package struct Screenplay: Sendable, Hashable, Codable {
    /// What must hold for what a call was shown that is new; several are joined by *and*.
    package struct Seen: Sendable, Hashable, Codable {
        package var contains: String?
        /// A glob, never a regular expression.
        package var matches: String?
        /// Which tool's result is looked at.
        package var tool: String?
        package var error: Bool?
    }

    package struct Call: Sendable, Hashable, Codable {
        package var tool: String
        package var input: Value
    }

    package struct Turn: Sendable, Hashable, Codable {
        package var seen: Seen?
        package var say: String?
        package var calls: [Call]
    }

    package struct Scene: Sendable, Hashable, Codable {
        package var role: String
        package var stage: String?
        package var revision: Int?
        package var attempt: Int?
        package var workflow: String?
        package var turns: [Turn]
        /// Played when the scene departs; nil means the model call fails.
        package var departs: [Turn]?
    }

    package var scenes: [Scene]
    /// How tokens are counted: `bytes` is UTF-8 bytes / 4, rounded up.
    package var usage: String
}
