internal import CLinux
internal import Domain
internal import Synchronization
internal import Threads

/// Host users without a name, lent to one sandbox each.
///
/// A lock file in the folder holds each lease, so runtimes that share the folder never share a user, and a
/// lease ends with its process in every case.
struct UserIDPool: Sendable {
    let folder: String
    let range: ClosedRange<UInt32>

    /// Lends the first user that nobody holds and no process runs as.
    ///
    /// - Throws: `Failure.exhausted` when there is none.
    func lease() throws -> UserIDLease {
        for userID in range {
            guard let lease = try lease(userID) else { continue }
            // Left by a runtime with another folder, or by one that was killed: not safe to share.
            if try ProcessTable.all(ofUser: userID).allSatisfy(ProcessTable.hasEnded) { return lease }
        }
        throw Failure(.exhausted, "All \(range.count) host users for sandboxes are in use")
    }

    /// Lends this user; nil when somebody holds it.
    func lease(_ userID: UInt32) throws -> UserIDLease? {
        do {
            return UserIDLease(userID: userID, lock: try FileLock(path: "\(folder)/\(userID)"))
        } catch {
            if error.code == .busy { return nil }
            throw Failure(.unavailable, "The host user \(userID) cannot be locked", cause: error)
        }
    }
}

/// The right to run processes as one host user, until it is given back or the last reference is gone.
final class UserIDLease: Sendable {
    let userID: UInt32
    private let lock: Mutex<FileLock?>

    init(userID: UInt32, lock: consuming FileLock) {
        self.userID = userID
        self.lock = Mutex(lock)
    }

    /// Lets somebody else have the user at once; a thread may hold a reference a little longer.
    func giveBack() { lock.withLock { $0 = nil } }

    /// Kills what runs as this user, until nothing does.
    ///
    /// - Throws: `Failure.internal` when something outlives ten rounds.
    func killProcesses() throws {
        for _ in 0..<10 {
            let pids = try ProcessTable.all(ofUser: userID).filter { try !ProcessTable.hasEnded($0) }
            if pids.isEmpty { return }
            for pid in pids {
                let opened = ag_pidfd_open(pid)
                guard opened >= 0 else { continue }
                let pidfd = Descriptor(opened)
                // Looked at again, since the number may have been given away before it was pinned.
                guard try ProcessTable.user(of: pid) == userID else { continue }
                _ = ag_pidfd_signal(pidfd.raw, SIGKILL)
                _ = try poll([PollInterest(pidfd.raw, readable: true)], until: .after(.seconds(1)))
            }
        }
        throw Failure(.internal, "Processes of the host user \(userID) cannot be killed")
    }
}
