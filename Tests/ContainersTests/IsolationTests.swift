import Containers
import Domain
import Foundation
import Testing

@Suite struct IsolationTests {
    @Test func `without the network there is a loopback and nothing else`() async throws {
        let listener = try Listener()
        try await Fixture.with { fixture in
            let connect = """
                import socket, sys
                socket.create_connection(("127.0.0.1", \(listener.port)), 5)
                """
            try await fixture.sandbox("closed") { sandbox in
                let devices = try await fixture.engine.shell(
                    sandbox,
                    "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '"
                )
                #expect(devices.standardOutput.text == "lo\n")
                let result = try await fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", connect]))
                #expect(result.exitCode == 1)
                #expect(
                    result.standardError.text.contains("refused")
                        || result.standardError.text.contains("unreachable")
                )
                let outside = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
                let other = try await fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", outside]))
                #expect(other.standardError.text.contains("unreachable"))
            }
            // The counter-check: what is refused above works where it is allowed.
            try await fixture.sandbox("open", { $0.network = .allow }) { sandbox in
                let result = try await fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", connect]))
                #expect(result.succeeded, "\(result.standardError.text)")
            }
        }
    }

    @Test func `nothing but the workspace, tmp and a small shm can be written`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let closed = [
                    "/x", "/etc/x", "/etc/passwd", "/usr/x", "/usr/bin/x", "/bin/x", "/dev/x", "/proc/x",
                    "/proc/sys/kernel/hostname", "/proc/sys/vm/swappiness", "/proc/sys/kernel/core_pattern",
                    "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/proc/1/oom_score_adj",
                ]
                for path in closed {
                    // Opened alone: some of them refuse these bytes, also where they can be written.
                    let result = try await fixture.engine.shell(sandbox, ": >> \(path)")
                    #expect(result.exitCode != 0, "\(path) can be written")
                }
                for path in [
                    "/tmp/x", "/workspace/x", "/workspace/repo/x", "/dev/shm/x", "/dev/null", "$HOME/x",
                ] {
                    let result = try await fixture.engine.shell(sandbox, "echo x > \(path)")
                    #expect(result.exitCode == 0, "\(path): \(result.standardError.text)")
                }
                let shared = try await fixture.engine.shell(
                    sandbox,
                    "head -c 70000000 /dev/zero > /dev/shm/y"
                )
                #expect(shared.exitCode != 0)
                for command in [
                    "mount -t tmpfs none /tmp", "mount -o remount,rw /", "umount /proc", "unshare -Ur true",
                ] {
                    #expect(try await fixture.engine.shell(sandbox, command).exitCode != 0, "\(command)")
                }
            }
        }
    }

    @Test func `of the host's files only the listed ones are seen`() async throws {
        try await Fixture.with { fixture in
            try Data("secret".utf8).write(to: URL(filePath: fixture.folder + "/secret"))
            try await fixture.sandbox { sandbox in
                let root = try await fixture.engine.shell(sandbox, "ls -A / /etc | sort")
                let names = Set(root.standardOutput.text.split(separator: "\n").map(String.init))
                let expected: Set<String> = [
                    "/:", "/etc:", "bin", "dev", "etc", "lib", "lib64", "proc", "sbin", "tmp", "usr",
                    "workspace",
                    "alternatives", "group", "hosts", "ld.so.cache", "nsswitch.conf", "passwd",
                ]
                #expect(names.isSubset(of: expected), "\(names.subtracting(expected))")
                for path in [
                    "/root", "/home", "/var", "/run", "/sys", "/etc/shadow", fixture.folder, "/etc/hostname",
                ] {
                    #expect(
                        try await fixture.engine.shell(sandbox, "test -e \(path)").exitCode == 1,
                        "\(path) is seen"
                    )
                }
                let found = try await fixture.engine.shell(
                    sandbox,
                    "cat /tmp/*/secret ../../../../tmp/*/secret"
                )
                #expect(!found.standardOutput.text.contains("secret"))
                let account = try await fixture.engine.shell(
                    sandbox,
                    "cat /etc/passwd; id -un; hostname || uname -n"
                )
                #expect(account.standardOutput.text.contains("agent\nsandbox\n"))
                #expect(!account.standardOutput.text.contains("/root"))
            }
        }
    }

    @Test func `the host's processes are not seen, nor what they know`() async throws {
        let marker = uniqueMarker()
        _ = unsafe setenv("AGIRUNNER_TEST_CANARY", marker, 1)
        defer { _ = unsafe unsetenv("AGIRUNNER_TEST_CANARY") }
        try await Fixture.with { fixture in
            try await fixture.sandbox("one", { $0.environment = ["PROFILE": "p"] }) { sandbox in
                let processes = try await fixture.engine.shell(sandbox, "ls -d /proc/[0-9]* | wc -l")
                #expect(
                    (Int(processes.standardOutput.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 99)
                        < 8
                )
                let environments = try await fixture.engine.shell(sandbox, "cat /proc/[0-9]*/environ; env") {
                    $0.environment = ["REQUEST": "r"]
                }
                #expect(environments.standardOutput.text.contains("REQUEST=r"))
                #expect(!environments.standardOutput.text.contains(marker))
                let arguments = try await fixture.engine.shell(sandbox, "cat /proc/[0-9]*/cmdline")
                #expect(arguments.standardOutput.text.contains("--args"))
                #expect(!arguments.standardOutput.text.contains(fixture.folder))
                let descriptors = try await fixture.engine.exec(
                    sandbox,
                    ExecRequest(["ls", "/proc/self/fd"])
                )
                #expect(descriptors.standardOutput.text == "0\n1\n2\n3\n")
            }
        }
    }

    @Test func `the environment is the profile's and nothing else`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one", { $0.environment = ["A": "profile", "B": "profile"] }) {
                sandbox in
                var request = ExecRequest(["env"])
                request.environment = ["B": "request", "EMPTY": "", "LINES": "1\n2"]
                let result = try await fixture.engine.exec(sandbox, request)
                #expect(
                    result.standardOutput.text.split(separator: "\n").sorted() == [
                        "2", "A=profile", "B=request", "EMPTY=", "HOME=/tmp/home", "LANG=C.UTF-8", "LINES=1",
                        "LOGNAME=agent", "PATH=/usr/bin:/bin", "PWD=/workspace/repo", "SHELL=/bin/sh",
                        "TERM=dumb",
                        "USER=agent",
                    ]
                )
            }
        }
    }

    @Test func `inside the user is 1000 without rights, outside it is never root`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox { sandbox in
                let result = try await fixture.engine.shell(
                    sandbox,
                    "id -u; id -g; grep -E '^(Cap|NoNew)' /proc/self/status | tr -d '\\t'; touch mine"
                )
                #expect(
                    result.standardOutput.text == """
                        1000
                        1000
                        CapInh:0000000000000000
                        CapPrm:0000000000000000
                        CapEff:0000000000000000
                        CapBnd:0000000000000000
                        CapAmb:0000000000000000
                        NoNewPrivs:1

                        """
                )
                let path = sandbox.spec.workspace + "/repo/mine"
                let owner = try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? UInt32
                if Fixture.isRoot {
                    #expect(owner == sandbox.owner?.userID)
                    #expect(fixture.settings.userIDs.contains(try #require(owner)))
                } else {
                    #expect(sandbox.owner == nil && owner == geteuid() && owner != 0)
                }
            }
        }
    }

    @Test func `two sandboxes see nothing of each other`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one") { one in
                try await fixture.sandbox("two") { two in
                    let marker = uniqueMarker()
                    let running = Task {
                        try await fixture.engine.shell(
                            one,
                            "echo \(marker) | tee /tmp/a /dev/shm/a > a; sleep \(marker)"
                        )
                    }
                    try await waitForFile(one.spec.workspace + "/repo/a")
                    let look = try await fixture.engine.shell(
                        two,
                        "cat /tmp/a a /dev/shm/a /proc/[0-9]*/cmdline; ls -R /tmp /workspace; true"
                    )
                    #expect(!look.standardOutput.text.contains("sleep\0\(marker)"))
                    #expect(!look.standardOutput.text.contains("\(marker)\n"))
                    running.cancel()
                    await #expect(throws: CancellationError.self) { try await running.value }
                    if Fixture.isRoot { #expect(one.owner != nil && one.owner != two.owner) }
                }
            }
        }
    }

    @Test func `a read-only workspace stays as it is`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one", { $0.readOnlyWorkspace = true }) { sandbox in
                #expect(try await fixture.engine.shell(sandbox, "touch x").exitCode != 0)
                #expect(try await fixture.engine.shell(sandbox, "touch /tmp/x").exitCode == 0)
                let names = try FileManager.default.contentsOfDirectory(
                    atPath: sandbox.spec.workspace + "/repo"
                )
                #expect(names == [])
            }
        }
    }

    @Test func `a declared file of the host can be read and not written`() async throws {
        try await Fixture.with { fixture in
            let file = fixture.folder + "/reference"
            try Data("known".utf8).write(to: URL(filePath: file))
            let bind = SandboxSpec.Bind(source: file, destination: "/reference/file")
            try await fixture.sandbox("one", { $0.extraReadOnlyBinds = [bind] }) { sandbox in
                let result = try await fixture.engine.shell(sandbox, "cat /reference/file")
                #expect(result.standardOutput.text == "known")
                #expect(try await fixture.engine.shell(sandbox, "echo x > /reference/file").exitCode != 0)
                #expect(try await fixture.engine.shell(sandbox, "rm -f /reference/file").exitCode != 0)
            }
        }
    }
}

/// A port of the host's loopback that somebody listens on.
private struct Listener: ~Copyable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = descriptor
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(listener, generic, size) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, generic, &size) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        try #require(bound)
    }

    deinit { close(descriptor) }
}
