/// The condition of an object that its source no longer declares and that stays nevertheless.
///
/// It stands beside `Ready`, since what is kept is in force. Until the source declares the object again, a
/// person may change or delete it on the control door.
package enum PruneHold {
    /// The condition's type.
    package static let type = "PruneHeld"
    /// The annotation that keeps an object, whatever its files say.
    package static let protection = "agirunner.dev/deletion-protection"

    /// Whether annotations keep their object from being deleted.
    package static func protects(_ annotations: [String: String]?) -> Bool {
        annotations?[protection] == "enabled"
    }

    /// The condition in a status; nil when the object is not held.
    package static func condition(of status: Value?) -> Value? {
        status?["conditions"]?.array?.first { $0["type"]?.string == type }
    }

    /// The conditions of a new status with the one that the old one says about being held.
    package static func kept(from old: Value?, in status: Value) -> Value {
        guard let held = condition(of: old), condition(of: status) == nil else { return status }
        var status = status
        status["conditions"] = .array([held] + (status["conditions"]?.array ?? []))
        return status
    }

    /// A status that says why its object is held, or nothing about it for nil.
    package static func status(
        _ status: Value?,
        _ words: (reason: String, message: String)?,
        generation: Int64?,
        now: Timestamp
    ) -> Value {
        var result = status ?? .object([:])
        let others = (result["conditions"]?.array ?? []).filter { $0["type"]?.string != type }
        guard let words else {
            result["conditions"] = .array(others)
            return result
        }
        let since = condition(of: status)?["lastTransitionTime"] ?? .string(now.description)
        let held = Value.members([
            "type": .string(type), "status": .string(Condition.Status.yes.rawValue),
            "reason": .string(words.reason), "message": .string(words.message),
            "lastTransitionTime": since, "observedGeneration": generation.map(Value.integer),
        ])
        result["conditions"] = .array([held] + others)
        return result
    }
}
