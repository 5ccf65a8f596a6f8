import API
import Domain
import Logging
import Secrets
import Store

/// What the hooks of sources need.
///
/// Which deliveries were here is known until the process ends and no longer: one that is sent again after
/// that has the source looked at once more, which finds nothing new, and a second event tells of it.
func hookPorts(_ store: Store, _ secrets: SecretReader, _ logger: Logger) -> HookPorts {
    HookPorts(
        secret: { name in
            guard let spec = try await source(name, store), let webhook = spec.webhook else { return nil }
            do {
                let secret = try await secrets.secret(webhook.secretRef, namespace: spec.namespace)
                return HookSecret(signature: webhook.signature, secret: secret)
            } catch let failure as Failure where failure.reason?.hasPrefix("secret") == true {
                // The sender learns nothing of it; whoever runs this process does.
                logger.warning(
                    "The secret of a webhook cannot be read",
                    metadata: ["source": "\(name)", "error": "\(failure)"]
                )
                return nil
            }
        },
        deliver: { name, signature, delivery in
            let key = ObjectKey("GitSource", namespace: nil, name: name)
            try await store.mark([Mark(key, priority: .webhook)])
            try await store.record(
                PlainEvent(
                    type: "source.webhook_received",
                    subject: key,
                    actor: "webhook:\(signature.rawValue)",
                    data: .members([
                        "delivery": delivery.id.map { .string($0) },
                        "event": delivery.event.map { .string($0) },
                    ])
                )
            )
        }
    )
}

/// The spec of a GitSource; nil when there is none of that name.
private func source(_ name: String, _ store: Store) async throws -> GitSourceSpec? {
    let stored = try await store.stored(ObjectKey("GitSource", namespace: nil, name: name))
    return try stored.map { try ($0.object.spec ?? [:]).decode() }
}
