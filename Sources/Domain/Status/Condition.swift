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

extension Condition {
    /// A condition as it is from now on; its time stays while its status is the one before.
    init(
        _ type: String,
        _ status: Status,
        _ words: (reason: String, message: String),
        after old: [Condition],
        generation: Int64?,
        now: Timestamp
    ) {
        let before = old.first { $0.type == type }
        self.init(
            type: type,
            status: status,
            reason: words.reason,
            message: words.message,
            lastTransitionTime: before?.status == status ? before?.lastTransitionTime ?? now : now,
            observedGeneration: generation
        )
    }

    /// The condition as a status has it.
    package var value: Value {
        .members([
            "type": .string(type), "status": .string(status.rawValue), "reason": .string(reason),
            "message": .string(message), "lastTransitionTime": .string(lastTransitionTime.description),
            "observedGeneration": observedGeneration.map(Value.integer),
        ])
    }
}

// Conditions in the status of an object.
extension Value {
    /// The condition of a type; nil when there is none.
    package func condition(_ type: String) -> Value? {
        self["conditions"]?.array?.first { $0["type"]?.string == type }
    }

    /// All conditions; none when they cannot be read, as those of another version.
    package var conditions: [Condition] { (try? self["conditions"]?.decode()) ?? [] }

    /// All conditions but those of a type, as they stand there.
    func conditions(besides type: String) -> [Value] {
        (self["conditions"]?.array ?? []).filter { $0["type"]?.string != type }
    }

    /// Whether the object is ready, and so with its newest spec.
    package func isReady(generation: Int64?) -> Bool {
        let ready = condition("Ready")
        guard ready?["status"] == "True" else { return false }
        guard let generation, let observed = ready?["observedGeneration"]?.integer else { return true }
        return observed >= generation
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
        func condition(_ type: String, _ status: Condition.Status) -> Condition {
            Condition(type, status, words, after: old, generation: generation, now: now)
        }
        return switch self {
        case .ready: [condition("Ready", .yes)]
        case .reconciling: [condition("Ready", .unknown), condition("Reconciling", .yes)]
        case .failing: [condition("Ready", .no), condition("Reconciling", .yes)]
        case .stalled: [condition("Ready", .no), condition("Stalled", .yes)]
        }
    }

    /// A status with the conditions of this readiness, and with what the old one says beside it.
    package func status(after old: Value?, generation: Int64?, now: Timestamp) -> Value {
        var status = old ?? .object([:])
        let conditions = conditions(after: status.conditions, now: now, generation: generation)
        status["conditions"] = .array(conditions.map(\.value))
        return SideCondition.kept(from: old, in: status)
    }
}
