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

    package enum Capability: String, Sendable, Codable {
        case tools, images, documents, search, structuredOutput
    }

    package enum Reasoning: String, Sendable, Codable { case none, low, medium, high }

    package var primary: Target
    package var fallbacks: [Target]
    package var contextWindow: Int
    package var maxOutput: Int
    package var price: Price?
    package var `default`: Bool
    package var capabilities: [Capability]?
    package var reasoning: Reasoning?
}
