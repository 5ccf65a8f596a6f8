internal import Domain

/// Where a local sandbox's own files lie on the host.
struct SandboxLayout: Sendable, Hashable {
    /// The folder of everything below.
    let folder: String

    /// `/tmp` of the sandbox, shared by its execs.
    var temporary: String { folder + "/tmp" }
    /// The files of the sandbox's `/etc`, the same bytes on every host.
    var configuration: String { folder + "/etc" }
    /// What single execs need while they run; closed to the sandbox.
    var execs: String { folder + "/exec" }
    /// Who made the sandbox, for a later sweep.
    var record: String { folder + "/record" }
}

/// The files of `/etc` inside, by name; nothing of the host's accounts and names is shown.
let sandboxConfiguration: [String: String] = [
    "passwd": """
    root:x:0:0::/nonexistent:/usr/sbin/nologin
    agent:x:1000:1000::/tmp/home:/bin/sh
    nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin

    """,
    "group": "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
]

/// What bubblewrap is told: one namespace of each kind, no capability, and of the host only what is listed.
///
/// *Shape*: the options alone, for `--args`, so that neither paths nor variables are seen in the process
/// list.
func bwrapArguments(_ spec: SandboxSpec, _ layout: SandboxLayout, _ request: ExecRequest) -> [String] {
    var arguments = ["--unshare-all", "--unshare-user", "--disable-userns"]
    if spec.network == .allow { arguments.append("--share-net") }
    // --new-session: without a terminal of its own a process could type into ours (TIOCSTI).
    arguments += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"]
    arguments += ["--die-with-parent", "--new-session", "--clearenv"]
    for (name, value) in environment(spec, request) { arguments += ["--setenv", name, value] }
    arguments += hostMounts(spec, layout) + kernelMounts(spec)
    arguments += ["--bind", layout.temporary, "/tmp"]
    arguments += [spec.readOnlyWorkspace ? "--ro-bind" : "--bind", spec.workspace, "/workspace"]
    for bind in spec.extraReadOnlyBinds { arguments += ["--ro-bind", bind.source, bind.destination] }
    // Last, since everything above needs its mount point made.
    return arguments + ["--remount-ro", "/", "--chdir", request.workingDirectory]
}

private func environment(_ spec: SandboxSpec, _ request: ExecRequest) -> [(String, String)] {
    let base = [
        "HOME": "/tmp/home", "LANG": "C.UTF-8", "LOGNAME": "agent", "PATH": "/usr/bin:/bin",
        "SHELL": "/bin/sh",
        "TERM": "dumb", "USER": "agent",
    ]
    let all = base.merging(spec.environment) { $1 }.merging(request.environment) { $1 }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
}

private func hostMounts(_ spec: SandboxSpec, _ layout: SandboxLayout) -> [String] {
    var arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ["bin", "lib", "lib64", "sbin"] { arguments += ["--symlink", "usr/\(name)", "/\(name)"] }
    arguments += ["--perms", "0755", "--dir", "/etc"]
    var shown = ["/etc/alternatives", "/etc/ld.so.cache"]
    if spec.network == .allow { shown += ["/etc/resolv.conf", "/etc/ssl"] }
    for path in shown { arguments += ["--ro-bind-try", path, path] }
    for name in sandboxConfiguration.keys.sorted() {
        arguments += ["--ro-bind", "\(layout.configuration)/\(name)", "/etc/\(name)"]
    }
    return arguments
}

/// `/dev/shm` is memory no process is charged for, so it gets a size, and the rest of `/dev` is closed.
private func kernelMounts(_ spec: SandboxSpec) -> [String] {
    let shared = min(64 << 20, (spec.resources.memory?.bytes ?? .max) / 2)
    return [
        "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--size", "\(max(4096, shared))",
        "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
    ]
}

/// The programs before bubblewrap: they drop root and set the limits that the kernel counts per process or
/// user.
///
/// A user namespace does not take root away: its owner on the host still writes `/proc/sys`. So the host's
/// user is another one before bubblewrap starts. As root there is a PID namespace around bubblewrap too:
/// bubblewrap does not reap its own child, and what waits for a slow init would count against RLIMIT_NPROC.
/// It ends with its parent, which is the thread that started it, as bubblewrap does.
func hostPrefix(_ spec: SandboxSpec, owner: FileOwner?) -> [String] {
    var words: [String] = []
    if let owner {
        words += ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"]
        words += ["/usr/bin/unshare", "--pid", "--fork", "--kill-child=KILL", "--"]
        words += [
            "/usr/bin/setpriv", "--reuid", "\(owner.userID)", "--regid", "\(owner.groupID)", "--clear-groups",
            "--no-new-privs", "--inh-caps=-all", "--",
        ]
    }
    words += ["/usr/bin/prlimit", "--core=0", "--nofile=4096"]
    if let memory = spec.resources.memory { words.append("--data=\(memory.bytes)") }
    if let disk = spec.resources.disk { words.append("--fsize=\(disk.bytes)") }
    // The kernel counts all processes of the user on the host, so this is of use only with a user of its own.
    if let pids = spec.resources.pids, owner != nil {
        words.append("--nproc=\(pids + processesOfBubblewrap)")
    }
    return words + ["--"]
}

/// Two for each of the execs that usually run at once.
private let processesOfBubblewrap = 8

/// What holds in a local sandbox, told without flattery.
func localLimits(_ sandbox: Sandbox) -> [LimitReport] {
    LimitReport.Limit.allCases.map { limit in
        let (enforced, how) = localLimit(limit, sandbox)
        return LimitReport(limit: limit, enforced: enforced, how: how)
    }
}

private func localLimit(_ limit: LimitReport.Limit, _ sandbox: Sandbox) -> (enforced: Bool, how: String) {
    let resources = sandbox.spec.resources
    switch limit {
    case .cpu: return (false, "A share of the processor needs control groups.")
    case .memory where resources.memory != nil:
        return (
            false,
            "RLIMIT_DATA bounds each process, and a watchdog kills a command when all together hold more; "
                + "memory that no process has mapped is not seen without control groups."
        )
    case .disk where resources.disk != nil:
        return (false, "RLIMIT_FSIZE bounds each file; the sum of all files is not bounded.")
    case .pids where resources.pids != nil && sandbox.owner != nil:
        return (true, "RLIMIT_NPROC of a host user that no other sandbox has.")
    case .pids where resources.pids != nil:
        return (
            false,
            "A watchdog kills a command when there are more; RLIMIT_NPROC counts all that this user runs."
        )
    case .memory, .disk, .pids: return (false, "No limit is asked for.")
    case .time: return (true, "The PID namespace of a command is killed when its time is over.")
    case .network where sandbox.spec.network == .allow:
        return (false, "The network of the host is shared, its loopback included.")
    case .network: return (true, "A network namespace with a loopback alone.")
    case .output: return (true, "Each stream keeps its head and tail; what lies between is dropped.")
    case .systemCalls: return (false, "No seccomp filter is loaded yet.")
    }
}
