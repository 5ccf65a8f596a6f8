/// Why a key is looked at again; lower numbers come first, and waiting makes a key more urgent.
package enum KeyPriority: Int, Sendable, Hashable, Codable, CaseIterable {
    case people = 0
    case webhook = 1
    case drift = 2
    case resync = 3
}

/// A wish that the controller of an object looks at it.
package struct Mark: Sendable, Hashable {
    package let key: ObjectKey
    package let priority: KeyPriority
    /// How long from now it may wait; zero for at once.
    package let delay: Duration

    /// A mark of its parts.
    package init(_ key: ObjectKey, priority: KeyPriority, delay: Duration = .zero) {
        self.key = key
        self.priority = priority
        self.delay = delay
    }
}
