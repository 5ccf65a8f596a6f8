internal import Containers
internal import Domain
internal import Threads

/// Git outside of every sandbox: the git CLI in a bubblewrap of its own, with a home of its own.
///
/// It sees the system's `/usr` and the folders it is given, has no capabilities, and has the network only for
/// a remote that needs it. No hook of a repository runs.
struct GitProcess: Sendable {
    /// What a run of git left.
    struct Output: Sendable {
        let succeeded: Bool
        let output: String
        let error: String
    }

    /// A place of the host that git may write, under a name of its own inside.
    struct Mount: Sendable {
        let source: String
        let destination: String
    }

    static let bubblewrap = "/usr/bin/bwrap"

    let home: String
    let mounts: [Mount]
    let hasNetwork: Bool
    /// The user of the host that git runs as; nil for ourselves.
    let user: FileOwner?

    /// Runs git in a folder of the inside.
    ///
    /// - Throws: `SystemError.timedOut` and others of the process, `CancellationError`. A refusal of git is
    /// no error.
    func run(
        _ arguments: [String],
        in folder: String,
        timeout: Duration = .seconds(120)
    ) async throws -> Output {
        // Files must be readable by the sandbox's user, whatever our own mask is.
        let shell = ["/bin/sh", "-c", "umask 022; exec git \"$@\"", "git"]
        let command = Command(
            executable: Self.bubblewrap,
            arguments: isolation + ["--chdir", folder, "--"] + shell + Self.settings + arguments,
            account: user.map { Command.Account(userID: $0.userID, groupID: $0.groupID) }
        )
        let result = try await ChildProcess(command, outputLimit: 4 << 20, errorLimit: 16 << 10)
            .run(until: .after(timeout))
        return Output(
            succeeded: result.succeeded,
            output: String(decoding: result.standardOutput, as: UTF8.self),
            error: String(decoding: result.standardError, as: UTF8.self)
        )
    }

    /// Runs git and expects it to succeed.
    ///
    /// - Throws: `Failure.internal` with what git said, besides what ``run(_:in:timeout:)`` throws.
    func expect(
        _ arguments: [String],
        in folder: String,
        timeout: Duration = .seconds(120)
    ) async throws -> String {
        let result = try await run(arguments, in: folder, timeout: timeout)
        guard result.succeeded else {
            throw Failure(
                .internal,
                "git \(arguments.first ?? "") failed: \(result.error.complaint)",
                outside: "git"
            )
        }
        return result.output
    }

    /// What a push has a repository of this host receive with: receive-pack is told nothing of our own
    /// command line, and would run that repository's hooks.
    static let receivePack = "git -c \(noHooks) receive-pack"

    private static let noHooks = "core.hooksPath=/dev/null"

    /// Given on the command line, where they win over what any repository says.
    private static let settings = [
        noHooks, "core.fsmonitor=false", "core.attributesFile=/dev/null",
        "core.symlinks=true",
        "credential.helper=", "gc.auto=0", "maintenance.auto=false", "advice.detachedHead=false",
        "init.defaultBranch=main", "protocol.ext.allow=never", "protocol.file.allow=always",
        "submodule.recurse=false", "core.logAllRefUpdates=false", "fetch.recurseSubmodules=false",
    ].flatMap { ["-c", $0] }

    private var isolation: [String] {
        var words = [
            "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "git",
        ]
        if !hasNetwork { words.append("--unshare-net") }
        words += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
        let environment = [
            "HOME": "/home/git", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ASKPASS": "/bin/false", "GIT_NO_REPLACE_OBJECTS": "1",
        ]
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            words += ["--setenv", name, value]
        }
        words += ["--ro-bind", "/usr", "/usr"]
        for name in ["bin", "lib", "lib64", "sbin"] { words += ["--symlink", "usr/\(name)", "/\(name)"] }
        var shown = ["/etc/alternatives", "/etc/ld.so.cache", "/etc/passwd", "/etc/group"]
        if hasNetwork { shown += ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl"] }
        for path in shown { words += ["--ro-bind-try", path, path] }
        words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", home, "/home/git"]
        for mount in mounts { words += ["--bind", mount.source, mount.destination] }
        return words + ["--remount-ro", "/"]
    }
}
