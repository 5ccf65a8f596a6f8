internal import Domain
internal import WorkerProtocol

/// Who may come through a unix socket: the user that runs the control plane, and root.
package struct PeerRule: Sendable {
    private let owner: UInt32

    /// The rule of a control plane that this user runs.
    package init(owner: UInt32) { self.owner = owner }

    /// The user that runs the control plane, as a subject of the control door.
    package var subject: String { "unix:\(owner)" }

    /// Whether a subject of the control door is org_admin.
    package func isOwner(subject: String) -> Bool { subject == self.subject || subject == "unix:0" }

    /// Lets a peer of the worker door in.
    ///
    /// - Throws: `Failure.forbidden` for somebody else.
    func check(_ credential: WorkerCredential) throws {
        guard credential.userID == owner || credential.userID == 0 else {
            throw Failure(.forbidden, "only the user that runs agirunnerd may come through this door")
        }
    }
}
