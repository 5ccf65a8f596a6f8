/// The spec of an AccessBinding: who may do what, and where.
package struct AccessBindingSpec: Sendable, Hashable, Codable {
    /// As `user:`, `group:`, `key:`, `unix:` or `signer:` and who is meant.
    package var subjects: [String]
    package var role: AccessRole
    /// Nil means every namespace.
    package var namespaces: [String]?
}
