package import Domain
package import Secrets

/// What the sender of a hook signs with.
package struct HookSecret: Sendable {
    package var signature: HookSignature
    package var secret: SecretText

    /// A secret of its parts.
    package init(signature: HookSignature, secret: SecretText) {
        self.signature = signature
        self.secret = secret
    }
}

/// What is remembered of a delivery; its body is not, since it can only say "look now".
package struct HookDelivery: Sendable, Hashable {
    /// The sender's id of it, printable and at most 128 characters; nil when it sent none.
    package var id: String?
    /// What happened there, such as `push`; as the id.
    package var event: String?
}

/// What hooks need of the product.
package struct HookPorts: Sendable {
    /// What the sender for a source signs with; nil when there is no such source, or it takes no hooks.
    package var secret: @Sendable (_ source: String) async throws -> HookSecret?
    /// Has a source looked at; when this returns, that will happen, whatever becomes of this process.
    package var deliver: @Sendable (_ source: String, HookSignature, HookDelivery) async throws -> Void

    /// Ports of their closures.
    package init(
        secret: @escaping @Sendable (String) async throws -> HookSecret?,
        deliver: @escaping @Sendable (String, HookSignature, HookDelivery) async throws -> Void
    ) {
        self.secret = secret
        self.deliver = deliver
    }
}
