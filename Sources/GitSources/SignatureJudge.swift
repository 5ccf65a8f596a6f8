internal import Domain
internal import Git
internal import Threads

/// How the signature of one commit was judged.
struct SealVerdict: Sendable, Hashable {
    let reason: SourceVerification.Reason
    /// Who signed it, as the allowed signers name them; empty when its signature does not count.
    var signer = ""
    /// The fingerprint of the key, `SHA256:…`; empty when the signature does not count.
    var fingerprint = ""
    /// What is wrong with it, to go on from the commit's name: `is not signed`; empty when nothing is.
    var words = ""
}

/// Judges signatures of commits by a list of allowed signers, with ssh-keygen(1).
///
/// *Source*: git's own way, gpg-interface.c: the names that may go with a key are looked up, and the
/// signature is verified for one of them, at the time of the commit, so that a key counts while it was valid.
struct SignatureJudge: Sendable {
    /// Bytes of a signature; those of the largest keys have some two thousand.
    private static let signatureLimit = 65_536
    private static let openings: [(text: String, kind: String)] = [
        ("-----BEGIN PGP", "with OpenPGP"), ("-----BEGIN SIGNED MESSAGE-----", "with X.509"),
    ]

    /// The list that it judges by.
    let allowedSigners: String
    private let folder: ScratchFolder
    private let executable: String

    /// A judge by these signers, in the format of ALLOWED SIGNERS.
    ///
    /// - Throws: `SystemError` when their list cannot be written.
    init(allowedSigners: String, executable: String = "/usr/bin/ssh-keygen") throws {
        folder = try ScratchFolder()
        self.allowedSigners = allowedSigners
        self.executable = executable
        try folder.write(Array((allowedSigners + "\n").utf8), to: .signers)
    }

    /// Judges one commit.
    ///
    /// - Throws: `Failure.unavailable` when ssh-keygen cannot be run or is broken; nothing is known then.
    func verdict(on seal: CommitSeal) async throws -> SealVerdict {
        guard let signature = seal.signature else {
            return SealVerdict(reason: .missing, words: "is not signed")
        }
        let text = String(decoding: signature.prefix(64), as: UTF8.self)
        for (opening, kind) in Self.openings where text.hasPrefix(opening) {
            return SealVerdict(
                reason: .unsupported,
                words: "is signed \(kind), and only SSH signatures count"
            )
        }
        guard text.hasPrefix("-----BEGIN SSH SIGNATURE-----"), signature.count <= Self.signatureLimit else {
            return SealVerdict(reason: .invalid, words: "has a signature of no known kind")
        }
        try folder.write(signature + [10], to: .signature)
        for principal in try await principals(seal) {
            guard let key = try await key(of: seal, by: principal) else { continue }
            return SealVerdict(reason: .verified, signer: principal, fingerprint: key)
        }
        return try await refusal(seal)
    }

    /// The names that the list has for the key, at the time of the commit.
    private func principals(_ seal: CommitSeal) async throws -> [String] {
        let output = try await run(["find-principals", time(seal), "-f", folder.path(.signers)])
        guard output.succeeded else { return [] }
        // A name that must not match is no name to sign with.
        return String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n")
            .map(String.init).filter { !$0.hasPrefix("!") }
    }

    /// The fingerprint of the key with which somebody of that name signed the commit; nil when nobody did.
    private func key(of seal: CommitSeal, by principal: String) async throws -> String? {
        let arguments = ["verify", time(seal), "-f", folder.path(.signers), "-I", principal, "-n", "git"]
        let output = try await run(arguments, input: seal.payload)
        guard output.succeeded else { return nil }
        // Good "git" signature for ann@example.org with ED25519 key SHA256:…
        let said = String(decoding: output.standardOutput, as: UTF8.self)
        return said.split(separator: " ").last.map { String($0.prefix { $0 != "\n" }) } ?? ""
    }

    /// Why a signature does not count: it is not of this commit, or its key is nobody's.
    private func refusal(_ seal: CommitSeal) async throws -> SealVerdict {
        let output = try await run(["check-novalidate", "-n", "git"], input: seal.payload)
        guard output.succeeded else {
            return SealVerdict(reason: .invalid, words: "has a signature that does not fit it")
        }
        let said = String(decoding: output.standardOutput, as: UTF8.self)
        let key = said.firstRange(of: " with ").map { said[$0.upperBound...] } ?? "key"
        return SealVerdict(
            reason: .unknown,
            words: "is signed with the \(key.prefix { $0 != "\n" }), which is nobody's in "
                + "spec.verify.allowedSigners at \(seal.time)"
        )
    }

    private func time(_ seal: CommitSeal) -> String {
        "-Overify-time=" + String(seal.time.description.filter { $0.isNumber }.prefix(14))
    }

    private func run(_ arguments: [String], input: [UInt8] = []) async throws -> ChildProcess.Output {
        let command = Command(
            executable: executable,
            arguments: ["-Y"] + arguments + ["-s", folder.path(.signature)],
            // Times without a zone are read in that of the process.
            environment: ["LC_ALL": "C", "TZ": "UTC0"],
            directory: "/"
        )
        let output: ChildProcess.Output
        do {
            output = try await ChildProcess(
                command,
                standardInput: input,
                outputLimit: 65_536,
                errorLimit: 4096
            ).run(until: .after(.seconds(10)))
        } catch let error as SystemError {
            throw Failure(
                .unavailable,
                "Signatures cannot be verified: \(executable) cannot be run (\(error.message))",
                outside: error.call,
                reason: "signature_check_failed"
            )
        }
        let said = String(decoding: output.standardError, as: UTF8.self)
        // It refuses with the code 255 whatever the matter is; these are not about the signature.
        guard case .exited(let code) = output.status, [0, 255].contains(code),
            !said.hasPrefix("No user exists")
        else {
            throw Failure(
                .unavailable,
                "Signatures cannot be verified: \(executable) ended with \(output.status) "
                    + "(\(said.prefix(200)))",
                reason: "signature_check_failed"
            )
        }
        return output
    }
}
