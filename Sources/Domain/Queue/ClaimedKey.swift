/// How a look at a key ended that is looked at again.
package enum LookEnd: Sendable, Hashable {
    /// Why it was looked at is settled.
    case complete
    /// Something newer came meanwhile, and it was given up.
    case overtaken
    /// It could not be done, which counts towards the key's failures.
    case failed
}

/// A key in somebody's hands: every write done for it carries the fence.
package struct ClaimedKey: Sendable, Hashable {
    package let key: ObjectKey
    /// The generation that was claimed; a mark in the meantime makes it grow, and the key comes again.
    package let generation: Int64
    package let fence: Int64
    /// How often in a row it was released after a failure.
    package let failures: Int
    /// Why it is looked at.
    package let priority: KeyPriority

    /// A claimed key of its parts.
    package init(
        key: ObjectKey,
        generation: Int64,
        fence: Int64,
        failures: Int,
        priority: KeyPriority = .resync
    ) {
        self.key = key
        self.generation = generation
        self.fence = fence
        self.failures = failures
        self.priority = priority
    }
}
