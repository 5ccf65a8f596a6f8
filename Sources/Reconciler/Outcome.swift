package import Domain

/// What a controller says after it looked at its key.
package enum Outcome: Sendable, Hashable {
    /// Nothing more to do until somebody marks the key.
    case done
    /// Nothing to do now; look again after this time.
    case again(after: Duration)
    /// Somebody wants it to be begun anew.
    case overtaken
    /// It could not do its work and will be tried again with back-off.
    case failed(Failure)

    package static func == (left: Outcome, right: Outcome) -> Bool { left.description == right.description }
    package func hash(into hasher: inout Hasher) { hasher.combine(description) }

    private var description: String {
        switch self {
        case .done: "done"
        case .again(let delay): "again \(delay)"
        case .overtaken: "overtaken"
        case .failed(let failure): "failed \(failure)"
        }
    }
}
