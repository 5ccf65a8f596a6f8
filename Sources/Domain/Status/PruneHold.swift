/// The condition of an object that its source no longer declares and that stays nevertheless.
///
/// It stands beside `Ready`, since what is kept is in force. Until the source declares the object again, a
/// person may change or delete it on the control door.
package enum PruneHold {
    /// The annotation that keeps an object, whatever its files say.
    package static let protection = "agirunner.dev/deletion-protection"

    /// The annotation that keeps an object when its source declares it no more.
    package static let prune = "agirunner.dev/prune"

    /// Whether annotations say that nothing is deleted for a declaration that is gone.
    package static func disablesPrune(_ annotations: [String: String]?) -> Bool {
        annotations?[prune] == "disabled"
    }

    /// Whether annotations keep their object from being deleted.
    package static func protects(_ annotations: [String: String]?) -> Bool {
        annotations?[protection] == "enabled"
    }

    /// The condition in a status; nil when the object is not held.
    package static func condition(of status: Value?) -> Value? {
        SideCondition.pruneHeld.condition(of: status)
    }

    /// A status that says why its object is held, or nothing about it for nil.
    package static func status(
        _ status: Value?,
        _ words: (reason: String, message: String)?,
        generation: Int64?,
        now: Timestamp
    ) -> Value {
        SideCondition.pruneHeld.status(status, words, generation: generation, now: now)
    }
}
