/// One condition of an object, as kstatus and `kubectl wait` read it.
package struct Condition: Sendable, Hashable, Codable {
    package enum Status: String, Sendable, Hashable, Codable {
        case yes = "True"
        case no = "False"
        case unknown = "Unknown"
    }

    package var type: String
    package var status: Status
    /// CamelCase, never empty.
    package var reason: String
    package var message: String
    package var lastTransitionTime: Timestamp
    package var observedGeneration: Int64?

    /// A condition of its parts.
    package init(
        type: String,
        status: Status,
        reason: String,
        message: String,
        lastTransitionTime: Timestamp,
        observedGeneration: Int64?
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
        self.observedGeneration = observedGeneration
    }
}

/// How an object is doing, from which its conditions are computed and never set by hand.
package enum Readiness: Sendable, Hashable {
    case ready(reason: String, message: String)
    /// Work goes on; nobody needs to act.
    case reconciling(reason: String, message: String)
    /// It failed and will be tried again.
    case failing(reason: String, message: String)
    /// It needs a person.
    case stalled(reason: String, message: String)
}

extension Readiness {
    /// What no controller looks after and is stored: that is all there is to it.
    package static let inForce = Readiness.ready(reason: "Applied", message: "in force")

    /// What is stored and has no effect: to those who wait for it that is all there is to it, too.
    package static let kept = Readiness.ready(reason: "Kept", message: "kept; nothing acts on it yet")

    /// How an object of a kind is doing once it is stored; nil until a controller has looked at it.
    package static func whenStored(_ kind: String) -> Readiness? {
        if Kind.isControlled(kind) { return nil }
        return Kind.named(kind)?.isInert == true ? .kept : .inForce
    }

    /// Why it is so, as one word and as a sentence.
    package var words: (reason: String, message: String) {
        switch self {
        case .ready(let reason, let message), .reconciling(let reason, let message),
            .failing(let reason, let message), .stalled(let reason, let message):
            (reason, message)
        }
    }

    /// The conditions of this readiness: `Ready` always, `Reconciling` and `Stalled` only when true.
    ///
    /// *Shape*: sorted by type. A transition time moves only when the status of that type flips.
    package func conditions(after old: [Condition], now: Timestamp, generation: Int64?) -> [Condition] {
        func condition(
            _ type: String,
            _ status: Condition.Status,
            _ reason: String,
            _ message: String
        ) -> Condition {
            let before = old.first { $0.type == type }
            let moment = before?.status == status ? before?.lastTransitionTime : nil
            return Condition(
                type: type,
                status: status,
                reason: reason,
                message: message,
                lastTransitionTime: moment ?? now,
                observedGeneration: generation
            )
        }
        switch self {
        case .ready(let reason, let message):
            return [condition("Ready", .yes, reason, message)]
        case .reconciling(let reason, let message):
            return [
                condition("Ready", .unknown, reason, message),
                condition("Reconciling", .yes, reason, message),
            ]
        case .failing(let reason, let message):
            return [
                condition("Ready", .no, reason, message), condition("Reconciling", .yes, reason, message),
            ]
        case .stalled(let reason, let message):
            return [condition("Ready", .no, reason, message), condition("Stalled", .yes, reason, message)]
        }
    }
}
