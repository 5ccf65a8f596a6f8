import Domain
import Hummingbird
import NIOCore
import Secrets

/// Bytes of a delivery; hosting services send up to 25 MB, but not for a push of a configuration.
let hookBodyLimit = 1 << 20

/// The one route of the public door that is no read: a signed "look now" for a source.
///
/// The body is read as bytes, verified as bytes, and never looked into.
func hookRoute(_ ports: HookPorts, now: @escaping @Sendable () -> Timestamp) -> WriteRoute {
    let gate = HookGate()
    // A signature is judged also for a source that is not there; the time that reading a secret takes still
    // differs.
    let decoy = HookSecret(signature: .github, secret: SecretText(randomBytes(32)))
    return WriteRoute(.post, "/hooks/{name}", access: .open) { call in
        let time = now()
        guard gate.admitsRequest(now: time) else { throw tooManyHooks() }
        let name = call.parameters["name"] ?? ""
        let body = try await call.request.body.collect(upTo: hookBodyLimit)
        let known = try await ports.secret(name)
        let secret = known ?? decoy
        let isVerified = secret.signature.verifies(
            Array(body.readableBytesView),
            call.headers,
            secret: secret.secret,
            now: time
        )
        guard known != nil, isVerified else {
            throw Refusal(.unauthorized, "there is no such hook, or the delivery is not signed for it")
        }
        guard gate.admitsDelivery(for: name, now: time) else { throw tooManyHooks() }
        let delivery = secret.signature.delivery(call.headers)
        if let id = delivery.id, gate.knows(id, of: name) {
            return json(["status": "known"], status: .accepted)
        }
        try await ports.deliver(name, secret.signature, delivery)
        // Not before, or one that failed could not be sent again.
        if let id = delivery.id { gate.remember(id, of: name) }
        return json(["status": "accepted"], status: .accepted)
    }
}

private func tooManyHooks() -> Refusal {
    var refusal = Refusal(.tooManyRequests, "there were too many deliveries; try again")
    refusal.retryAfterSeconds = 1
    return refusal
}
