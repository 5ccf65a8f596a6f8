internal import Domain
internal import Glibc

/// The known hosts of one source, where libgit2 looks for them.
///
/// It reads `.ssh/known_hosts` of the home folder and of no other place, and asks a server for the kind of
/// key that stands there. So the fetch child gets a home of its own beside the mirror. What lies there is
/// public.
struct KnownHosts {
    private let home: String
    private let lines: String

    init(lines: String, besideMirror mirror: String) {
        home = mirror + ".home"
        self.lines = lines
    }

    /// Makes the folder this process's home; call before libgit2 is started, which looks for it then.
    ///
    /// - Throws: `Failure.forbidden` when the file cannot be written.
    func becomeHome() throws(Failure) {
        let folder = home + "/.ssh"
        MirrorFolder.make(folder)
        let file = folder + "/known_hosts"
        // Another fetch of this source may be reading it: the file is replaced as a whole.
        let draft = "\(file).\(getpid())"
        let isWritten = unsafe write(lines, to: draft) && rename(draft, file) == 0
        guard unsafe isWritten && setenv("HOME", home, 1) == 0 else {
            unsafe unlink(draft)
            throw Failure(
                .forbidden,
                "The known hosts cannot be written to \(file)",
                outside: "errno \(errno)"
            )
        }
    }

    private func write(_ text: String, to path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        // A short write means a full disk: there is nothing to try again.
        return unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count
    }

    /// Whether a host stands there by its name; one that is hashed cannot be found that way.
    static func mention(_ host: String, port: Int, in lines: String) -> Bool {
        // As ssh(1) does, a host is also looked for without its port.
        let names = [host, "[\(host)]:\(port)"]
        return lines.split(separator: "\n").contains { line in
            let hosts = line.prefix { $0 != " " && $0 != "\t" }.split(separator: ",").map(String.init)
            return hosts.contains { names.contains($0) }
        }
    }
}
