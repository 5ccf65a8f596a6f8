/// The conditions that stand beside `Ready`, written by whoever notices and not by the object's controller.
package enum SideCondition: String, Sendable, Hashable, CaseIterable {
    /// Its source no longer declares it, and it stays nevertheless.
    case pruneHeld = "PruneHeld"
    /// Fields that its file declares are somebody else's.
    case drifted = "Drifted"
    /// Its source and somebody else keep changing the same fields.
    case flapping = "Flapping"

    /// The member of a status that tells how often fields were put back lately.
    package static let driftMember = "drift"

    /// The condition in a status; nil when it is not there.
    package func condition(of status: Value?) -> Value? {
        status?.condition(rawValue)
    }

    /// A status with the condition and its words, or without it for nil.
    package func status(
        _ status: Value?,
        _ words: (reason: String, message: String)?,
        generation: Int64?,
        now: Timestamp
    ) -> Value {
        var result = status ?? .object([:])
        let said = words.map {
            Condition(rawValue, .yes, $0, after: result.conditions, generation: generation, now: now).value
        }
        result["conditions"] = .array([said].compactMap(\.self) + result.conditions(besides: rawValue))
        return result
    }

    /// A controller's new status with what the old one says beside its readiness.
    package static func kept(from old: Value?, in status: Value) -> Value {
        var status = status
        let said = allCases.filter { $0.condition(of: status) == nil }.compactMap { $0.condition(of: old) }
        if !said.isEmpty { status["conditions"] = .array(said + (status["conditions"]?.array ?? [])) }
        if status[driftMember] == nil, let drift = old?[driftMember] { status[driftMember] = drift }
        return status
    }
}
