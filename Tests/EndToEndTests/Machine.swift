import Foundation
import Glibc
import Support
import Threads

/// What an installation sees of the machine when that is not all of it: file systems mounted for it alone.
struct Machine: Sendable {
    /// A script that may mount; it runs in a mount namespace of its own before the program does.
    let script: String
    /// For the program and what it starts.
    var environment: [String: String] = [:]

    /// The same command on this machine, with the same process id as it would have.
    func command(_ command: Command) -> Command {
        let isRoot = command.account == nil && geteuid() == 0
        // A plain user may mount in a user namespace; what runs there then has no capabilities, as outside.
        let namespace = isRoot ? ["-m"] : ["-Um", "--map-current-user", "--keep-caps"]
        let program = isRoot ? [] : ["/usr/bin/setpriv", "--ambient-caps=-all", "--inh-caps=-all"]
        var changed = command
        changed.environment.merge(environment) { _, new in new }
        changed.executable = "/usr/bin/unshare"
        changed.arguments =
            namespace + ["/bin/sh", "-euc", script + "\nexec \"$@\"", "sh"]
            + program + [command.executable] + command.arguments
        return changed
    }

    /// The database on a disk of this size in bytes, which is small.
    static func smallDisk(of size: Int, _ system: System) -> Machine {
        let place = "'\(system.state)/postgres'"
        return Machine(
            script: "mkdir -p \(place) && mount -t tmpfs -o size=\(size),mode=755 agirunner \(place)"
        )
    }

    /// A clock that tests can set: `clock` in the system's folder holds what it is ahead, in seconds.
    ///
    /// The monotonic clock goes on, as it does when an administrator or NTP steps the time.
    static func settableClock(_ system: System) throws -> Machine {
        let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
        guard FileManager.default.isReadableFile(atPath: library) else {
            throw SupportError("\(library) is missing; scripts/set-up tests installs it")
        }
        let folder = system.folder.path
        let settings = [
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": "\(folder)/clock", "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
        try system.folder.write("+0", to: "clock")
        // The server is given nothing of the environment of `up`, so its program is replaced by one that is.
        let exports = settings.map { "export \($0)='\($1)'" }.sorted().joined(separator: "\n")
        try system.folder.write(
            "#!/bin/sh\n\(exports)\nexec '\(folder)/server/postgres' \"$@\"\n",
            to: "server/wrapper"
        )
        let script = """
            mount -t tmpfs -o mode=1777 agirunner /dev/shm
            chmod 755 '\(folder)/server' '\(folder)/server/wrapper'
            for program in /usr/lib/postgresql/*/bin/postgres; do
                cp "$program" '\(folder)/server/postgres'
                mount --bind '\(folder)/server/wrapper' "$program"
            done
            """
        return Machine(script: script, environment: settings)
    }
}
