internal import CLinux
internal import Domain
internal import Threads

/// The folder of one sandbox on the host: made at creation, removed at the end or by a later sweep.
struct SandboxFolder: Sendable {
    /// Who made the sandbox, as a later process reads it.
    struct Record: Equatable {
        let maker: ProcessIdentity?
        let userID: UInt32?

        init(maker: ProcessIdentity?, userID: UInt32?) {
            self.maker = maker
            self.userID = userID
        }

        /// Reads the lines `maker PID START` and `user UID`; what is missing or damaged is nil.
        init(text: String) {
            let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
            let maker = lines.first { $0.first == "maker" && $0.count == 3 }
            self.maker = maker.flatMap { words in
                guard let pid = Int32(words[1]), let start = UInt64(words[2]) else { return nil }
                return ProcessIdentity(pid: pid, startTime: start)
            }
            userID = lines.first { $0.first == "user" && $0.count == 2 }.flatMap { UInt32($0[1]) }
        }

        var text: String {
            let makerLine = maker.map { "maker \($0.pid) \($0.startTime)\n" } ?? ""
            return makerLine + (userID.map { "user \($0)\n" } ?? "")
        }
    }

    /// The folder of all sandboxes.
    let parent: String
    let name: String

    var layout: SandboxLayout { SandboxLayout(folder: "\(parent)/\(name)") }

    /// Makes the folder with everything in it; the record first, so that a sweep knows whose it is.
    ///
    /// - Throws: `Failure.alreadyExists`; another failure leaves a part that a sweep removes.
    func make(owner: FileOwner?) throws {
        try makeFolder(layout.folder, mode: 0o711)
        let record = Record(maker: try ProcessIdentity.find(pid: ag_own_pid()), userID: owner?.userID)
        try makeFile(layout.record, record.text, mode: 0o600)
        try makeFolder(layout.execs, mode: 0o700)
        try makeFolder(layout.configuration, mode: 0o755)
        for (file, content) in sandboxConfiguration {
            try makeFile("\(layout.configuration)/\(file)", content, mode: 0o644)
        }
        try makeFolder(layout.temporary, mode: 0o700)
        try makeFolder(layout.temporary + "/home", mode: 0o700)
        if let owner { try changeOwner(ofTreeAt: layout.temporary, to: owner) }
    }

    /// Removes the folder; one that is gone is no failure.
    func remove() throws { try removeTree(at: layout.folder) }

    /// Kills the execs of a maker that is gone.
    ///
    /// They die with it, so this finds something only in a rare
    /// race.
    func killExecs() throws {
        var files: [String] = []
        // No folder, no exec.
        do { files = try names(inFolderAt: layout.execs) } catch let failure as Failure
            where failure.code == .notFound
        {}
        for file in files where file.hasSuffix(".process") {
            let words = (try smallFile("\(layout.execs)/\(file)") ?? "").split { $0 == " " || $0 == "\n" }
            guard words.count == 2, let pid = Int32(words[0]), let start = UInt64(words[1]) else { continue }
            _ = try ProcessIdentity(pid: pid, startTime: start).killGroup()
        }
    }

    /// What a maker wrote; nil when there is no record.
    func readRecord() throws -> Record? { try smallFile(layout.record).map(Record.init(text:)) }
}

/// Makes one folder of the host with exactly this mode.
///
/// - Throws: `Failure.alreadyExists`, `.notFound` without its parent, `.forbidden`.
func makeFolder(_ path: String, mode: UInt32) throws {
    _ = try answer(unsafe ag_make_directory(AT_FDCWD, path, 0o700), "mkdir", path)
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    let folder = Descriptor(try answer(unsafe ag_open(path, flags, 0), "open", path))
    // The process may have a mask that takes bits from the mode given to mkdir.
    _ = try answer(ag_set_mode(folder.raw, mode), "fchmod", path)
}
