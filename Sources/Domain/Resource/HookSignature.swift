/// How a delivery to `/hooks/{name}` shows that it comes from who it says.
package enum HookSignature: String, Sendable, Codable, CaseIterable {
    /// HMAC-SHA-256 of the body as hexadecimal text in `X-Hub-Signature-256`.
    case github
    /// The secret itself in `X-Gitlab-Token`.
    case gitlab
    /// HMAC-SHA-256 of the body as hexadecimal text in `X-Gitea-Signature`; Forgejo sends it, too.
    case gitea
    /// HMAC-SHA-256 of id, time and body, as Standard Webhooks has it.
    case standard
}
