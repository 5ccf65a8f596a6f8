package import Domain

/// The worker door's version and paths; every request is a POST with a JSON body, every reply is JSON.
///
/// A request carries `Authorization: Bearer <token>`: the provisioning token to register, the worker token
/// from registration afterwards, the fleet token for `fleet/…`. Errors are RFC 9457 problem documents with
/// a `reason` member that is stable.
package enum WorkerPath {
    package static let register = "/worker/v1/register"
    package static let heartbeat = "/worker/v1/heartbeat"
    package static let claim = "/worker/v1/claim"
    package static let begin = "/worker/v1/begin"
    package static let announce = "/worker/v1/announce"
    package static let report = "/worker/v1/report"
    package static let logs = "/worker/v1/logs"
    package static let fleet = "/worker/v1/fleet/snapshot"
    package static let provision = "/worker/v1/fleet/provision"
    package static let inventory = "/worker/v1/fleet/inventory"
}

/// A runtime presents itself; its runtime record decides pool and namespaces.
package struct RegisterRequest: Sendable, Hashable, Codable {
    package var runtime: String
    /// Commands found on its machine, for `requiredCommands`.
    package var commands: [String]
    package var version: String

    /// A request of its parts.
    package init(runtime: String, commands: [String], version: String) {
        self.runtime = runtime
        self.commands = commands
        self.version = version
    }
}

/// What a registered worker is called and how it must behave.
package struct RegisterReply: Sendable, Hashable, Codable {
    package var worker: String
    /// Authenticates every later request of this worker.
    package var token: String
    package var slots: Int
    package var heartbeatMilliseconds: Int64
    package var leaseMilliseconds: Int64

    /// A reply of its parts.
    package init(
        worker: String,
        token: String,
        slots: Int,
        heartbeatMilliseconds: Int64,
        leaseMilliseconds: Int64
    ) {
        self.worker = worker
        self.token = token
        self.slots = slots
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
    }
}

/// An attempt and the token that proves who runs it.
package struct AttemptProof: Sendable, Hashable, Codable {
    package var attempt: UID
    package var token: String

    /// A proof of its parts.
    package init(attempt: UID, token: String) {
        self.attempt = attempt
        self.token = token
    }
}

/// A worker is alive and renews the leases of its attempts.
package struct HeartbeatRequest: Sendable, Hashable, Codable {
    package var attempts: [AttemptProof]
    package var isDraining: Bool

    /// A request of its parts.
    package init(attempts: [AttemptProof], isDraining: Bool) {
        self.attempts = attempts
        self.isDraining = isDraining
    }
}

/// What the control plane says of each attempt of a heartbeat.
package struct HeartbeatReply: Sendable, Hashable, Codable {
    /// `cancel` also answers an attempt that is no longer this worker's.
    package enum Directive: String, Sendable, Hashable, Codable {
        case proceed = "continue"
        case park, cancel
    }

    package struct Lease: Sendable, Hashable, Codable {
        package var attempt: UID
        /// Counted by the runtime from the moment it *sent* the heartbeat; 0 when the lease is gone.
        package var leaseMilliseconds: Int64
        package var directive: Directive

        /// A lease of its parts.
        package init(attempt: UID, leaseMilliseconds: Int64, directive: Directive) {
            self.attempt = attempt
            self.leaseMilliseconds = leaseMilliseconds
            self.directive = directive
        }
    }

    package var leases: [Lease]
    /// Whether the worker must claim no more, finish and exit.
    package var mustDrain: Bool

    /// A reply of its parts.
    package init(leases: [Lease], mustDrain: Bool) {
        self.leases = leases
        self.mustDrain = mustDrain
    }
}

/// A worker asks for work and waits for it.
package struct ClaimRequest: Sendable, Hashable, Codable {
    /// How many tasks it can take, from 1.
    package var count: Int
    /// How long the reply may wait for work, at most 30,000.
    package var waitMilliseconds: Int64
    /// Repeated unchanged when the reply was lost; the same claims are answered again.
    package var requestID: String

    /// A request of its parts.
    package init(count: Int, waitMilliseconds: Int64, requestID: String) {
        self.count = count
        self.waitMilliseconds = waitMilliseconds
        self.requestID = requestID
    }
}

/// The claimed attempts; empty when nothing was ready in time.
package struct ClaimReply: Sendable, Hashable, Codable {
    package struct Claim: Sendable, Hashable, Codable {
        package var contract: Contract
        package var token: String
        package var leaseMilliseconds: Int64

        /// A claim of its parts.
        package init(contract: Contract, token: String, leaseMilliseconds: Int64) {
            self.contract = contract
            self.token = token
            self.leaseMilliseconds = leaseMilliseconds
        }
    }

    package var claims: [Claim]

    /// A reply of its parts.
    package init(claims: [Claim]) { self.claims = claims }
}

/// The attempt's sandbox and workspace are being made: the task is in progress.
package struct BeginRequest: Sendable, Hashable, Codable {
    package var proof: AttemptProof

    /// A request of its parts.
    package init(proof: AttemptProof) { self.proof = proof }
}

/// The commit that is about to be pushed, said before the push so that a crash between the two is known.
package struct AnnounceRequest: Sendable, Hashable, Codable {
    package var proof: AttemptProof
    package var commit: CommitID

    /// A request of its parts.
    package init(proof: AttemptProof, commit: CommitID) {
        self.proof = proof
        self.commit = commit
    }
}

/// The end of an attempt; repeated with the same id until it is answered.
package struct ReportRequest: Sendable, Hashable, Codable {
    package var proof: AttemptProof
    package var requestID: String
    package var report: AttemptReport

    /// A request of its parts.
    package init(proof: AttemptProof, requestID: String, report: AttemptReport) {
        self.proof = proof
        self.requestID = requestID
        self.report = report
    }
}

/// Lines of an attempt's log; a line whose sequence is known is dropped.
package struct LogsRequest: Sendable, Hashable, Codable {
    package var proof: AttemptProof
    /// At most 200 lines, sorted by sequence.
    package var lines: [TaskLogLine]

    /// A request of its parts.
    package init(proof: AttemptProof, lines: [TaskLogLine]) {
        self.proof = proof
        self.lines = lines
    }
}

/// The reply to a request that has nothing to say.
package struct Acknowledgement: Sendable, Hashable, Codable {
    /// Always true: what is refused is answered with an error, and a repeat like the first time.
    package var applied: Bool

    /// A reply of its part.
    package init(applied: Bool) { self.applied = applied }
}
