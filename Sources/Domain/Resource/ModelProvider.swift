/// The spec of a ModelProvider: where models are reached, or a screenplay that replaces thinking.
package struct ModelProviderSpec: Sendable, Hashable, Codable {
    package enum Wire: String, Sendable, Codable {
        case anthropic, openai, google, ollama, vllm, openrouter, scripted
    }

    package struct Auth: Sendable, Hashable, Codable {
        package enum Mode: String, Sendable, Codable { case none, apiKey, oauth }

        package var mode: Mode
        package var secretRef: SecretReference?
    }

    package var type: Wire
    package var baseURL: String?
    package var screenplay: Screenplay?
    package var auth: Auth?
    package var requestsPerMinute: Int?
    package var timeout: String?
}
