import Domain
import Foundation
import Git
import Glibc
import Secrets
import Support
import Threads

/// A real sshd on loopback that lets in whoever holds the key `client`.
struct SSHServer: Sendable {
    let port: UInt16
    let folder: TestFolder
    /// Who runs the tests: sshd started by a plain user lets in nobody else.
    let user: String

    /// Where a repository of this machine is, seen through sshd.
    func url(_ path: String) throws -> RemoteURL { try RemoteURL("ssh://\(user)@127.0.0.1:\(port)\(path)") }

    /// The secret of a private key, and of known hosts that name one host key.
    func secret(_ key: String = "client", knows host: String? = "host") throws -> SecretText {
        let line = try host.map { "[127.0.0.1]:\(port) \(try read("\($0).pub"))" } ?? ""
        return SecretText(try read(key) + line)
    }

    /// A credential, as a source has it.
    func credential(_ key: String = "client", knows host: String = "host") throws -> GitCredential {
        try GitCredential(secret(key, knows: host), for: url("/x"))
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
    }

    /// Makes a key without a passphrase, and its public half beside it.
    func makeKey(_ name: String) async throws { try await Self.run("/usr/bin/ssh-keygen", folder, name) }

    /// The fingerprint of a key, as ssh-keygen prints it.
    func fingerprint(_ name: String) async throws -> String {
        let command = Command(
            executable: "/usr/bin/ssh-keygen",
            arguments: ["-l", "-f", "\(folder.path)/\(name).pub"]
        )
        let output = try await ChildProcess(command).run(until: .generous)
        return String(decoding: output.standardOutput, as: UTF8.self).split(separator: " ")[1].description
    }

    /// Runs the body beside a server with two host keys, `host` and one of another kind.
    static func serving<Value: Sendable>(
        _ body: @Sendable (SSHServer) async throws -> Value
    ) async throws -> Value {
        let folder = try TestFolder()
        for name in ["host", "client"] { try await run("/usr/bin/ssh-keygen", folder, name) }
        try await run("/usr/bin/ssh-keygen", folder, "second", type: "ecdsa")
        // Where sshd of root keeps its children apart; Debian's service makes it otherwise.
        if geteuid() == 0 {
            try FileManager.default.createDirectory(
                atPath: "/run/sshd",
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755]
            )
        }
        let user = NSUserName()
        return try await ServerProcess.serving(log: "\(folder.path)/sshd.log") { port in
            let settings = """
                Port \(port)
                ListenAddress 127.0.0.1
                HostKey \(folder.path)/host
                HostKey \(folder.path)/second
                AuthorizedKeysFile \(folder.path)/client.pub
                StrictModes no
                UsePAM no
                PidFile none
                PermitRootLogin prohibit-password
                PasswordAuthentication no

                """
            try settings.write(toFile: "\(folder.path)/sshd.conf", atomically: true, encoding: .utf8)
            return [
                Command(
                    executable: "/usr/sbin/sshd",
                    arguments: ["-D", "-e", "-f", "\(folder.path)/sshd.conf"]
                )
            ]
        } _: { port in
            try await body(SSHServer(port: port, folder: folder, user: user))
        }
    }

    private static func run(
        _ program: String,
        _ folder: TestFolder,
        _ name: String,
        type: String = "ed25519"
    ) async throws {
        let command = Command(
            executable: program,
            arguments: ["-q", "-t", type, "-N", "", "-C", "test", "-f", "\(folder.path)/\(name)"]
        )
        let output = try await ChildProcess(command).run(until: .generous)
        guard output.succeeded else {
            throw GitCommandError(
                arguments: [name],
                message: String(decoding: output.standardError, as: UTF8.self)
            )
        }
    }
}
