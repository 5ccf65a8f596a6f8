internal import Domain
internal import Synchronization

/// Where an attempt's handoff is left: exactly one.
final class HandoffDesk: Sendable {
    private let state = Mutex<Handoff?>(nil)

    /// The handoff that was submitted.
    var handoff: Handoff? { state.withLock { $0 } }

    /// Takes the handoff; false when there is one already.
    func submit(_ handoff: Handoff) -> Bool {
        state.withLock { current in
            guard current == nil else { return false }
            current = handoff
            return true
        }
    }
}
