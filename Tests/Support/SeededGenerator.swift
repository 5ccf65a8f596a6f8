package import Domain

/// The same numbers for the same seed (SplitMix64), so that a failure can be repeated.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// What a failing test must print.
    package let seed: UInt64
    private var state: UInt64

    /// A generator of a seed.
    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// A generator of a seed that was not used before; print `seed` with every failure.
    package static func random() -> SeededGenerator {
        SeededGenerator(seed: UInt64.random(in: 1...999_999_999))
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A new uid.
    package mutating func uid() -> UID {
        UID(bytes: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &self) })
    }

    /// True in this many of a hundred cases.
    package mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
