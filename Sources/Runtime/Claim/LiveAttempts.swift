internal import Domain
internal import Synchronization
internal import WorkerProtocol

/// The attempts a worker has in its hands.
final class LiveAttempts: Sendable {
    private let controls = Mutex<[UID: AttemptControl]>([:])

    var count: Int { controls.withLock { $0.count } }

    /// For a heartbeat; sorted by attempt.
    var proofs: [AttemptProof] {
        controls.withLock { $0.values.map(\.proof) }.sorted { $0.attempt < $1.attempt }
    }

    /// Takes an attempt; nil when it is here already, as after a repeated claim.
    func add(_ claim: ClaimReply.Claim, sent: ContinuousClock.Instant) -> AttemptControl? {
        let proof = AttemptProof(attempt: claim.contract.identity.attemptUID, token: claim.token)
        return controls.withLock { controls in
            guard controls[proof.attempt] == nil else { return nil }
            let control = AttemptControl(
                proof: proof,
                leaseEnd: sent.advanced(by: .milliseconds(claim.leaseMilliseconds))
            )
            controls[proof.attempt] = control
            return control
        }
    }

    func remove(_ attempt: UID) { controls.withLock { _ = $0.removeValue(forKey: attempt) } }

    /// Gives each attempt what a heartbeat has brought.
    ///
    /// An attempt that was sent and is not answered keeps the lease it has, which then runs out by itself.
    func apply(_ reply: HeartbeatReply, sent: ContinuousClock.Instant) {
        for lease in reply.leases {
            controls.withLock { $0[lease.attempt] }?.apply(lease, sent: sent)
        }
    }
}
