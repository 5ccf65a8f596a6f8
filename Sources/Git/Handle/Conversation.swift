internal import CGit2
internal import Domain
internal import Secrets

/// What libgit2 asks while it talks to a remote: who we are, and whether a host is the one we mean.
///
/// libgit2 reports what a callback refused in words of its own; `refusal` keeps ours.
final class Conversation {
    private let url: RemoteURL
    private let credential: GitCredential?
    /// How often the credential is handed out from now on.
    ///
    /// Whoever asks again has refused it, but for servers that close each connection: they ask before every
    /// request, also after they have accepted it.
    private var patience = 1
    private(set) var refusal: Failure?

    init(url: RemoteURL, credential: GitCredential?) {
        self.url = url
        self.credential = credential
    }

    /// Notes that the remote has let us in.
    func isLetIn() { patience = 64 }

    /// Has libgit2 ask this conversation, which must live as long as the remote.
    func answer(_ callbacks: inout git_remote_callbacks) {
        unsafe callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        unsafe callbacks.credentials = { out, url, user, allowed, payload in
            guard let conversation = unsafe Conversation.from(payload) else {
                return GIT_PASSTHROUGH.rawValue
            }
            return unsafe conversation.identify(out, to: text(url), user: text(user), allowed: allowed)
        }
        unsafe callbacks.certificate_check = { certificate, isValid, host, payload in
            guard let conversation = unsafe Conversation.from(payload), let certificate = unsafe certificate
            else { return GIT_ECERTIFICATE.rawValue }
            return unsafe conversation.judge(certificate, isValid: isValid == 1, host: text(host) ?? "")
        }
    }

    private static func from(_ payload: UnsafeMutableRawPointer?) -> Conversation? {
        guard let payload = unsafe payload else { return nil }
        return unsafe Unmanaged<Conversation>.fromOpaque(payload).takeUnretainedValue()
    }

    /// Hands out the credential, to the server that the URL names and no other one.
    private func identify(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?,
        to asking: String?,
        user: String?,
        allowed: UInt32
    ) -> Int32 {
        func allows(_ kind: git_credential_t) -> Bool { allowed & UInt32(kind.rawValue) != 0 }
        guard let credential else { return GIT_PASSTHROUGH.rawValue }
        // SSH asks for the user alone, when the URL names none.
        if allowed == UInt32(GIT_CREDENTIAL_USERNAME.rawValue) {
            return unsafe git_credential_username_new(out, user ?? "git")
        }
        // libgit2 1.5 follows redirects whatever it is told, and names the new place here. What is no URL
        // is no place of ours.
        guard let asking = asking.flatMap({ try? RemoteURL($0) }), asking.isServed(with: url) else {
            refusal = Failure(
                .unauthenticated,
                "it redirects to another server, which gets no credentials; name that one in the URL"
            )
            return GIT_EUSER.rawValue
        }
        guard patience > 0 else {
            refusal = Failure(.unauthenticated, "the remote refuses \(credential.noun)")
            return GIT_EUSER.rawValue
        }
        patience -= 1
        switch credential {
        case .password(let name, let password) where allows(GIT_CREDENTIAL_USERPASS_PLAINTEXT):
            return unsafe git_credential_userpass_plaintext_new(out, name, password.reveal())
        case .key(let key, _) where allows(GIT_CREDENTIAL_SSH_MEMORY):
            return unsafe git_credential_ssh_key_memory_new(out, user ?? "git", nil, key.reveal(), nil)
        default:
            refusal = Failure(.unauthenticated, "the remote does not take \(credential.noun)")
            return GIT_EUSER.rawValue
        }
    }

    /// Refuses every host key that is not among the known ones; a TLS certificate is libgit2's to judge.
    private func judge(_ certificate: UnsafeMutablePointer<git_cert>, isValid: Bool, host: String) -> Int32 {
        guard unsafe certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 else {
            return isValid ? 0 : GIT_PASSTHROUGH.rawValue
        }
        guard case .key(_, let knownHosts) = credential else {
            return GIT_ECERTIFICATE.rawValue
        }
        if isValid { return 0 }
        let shown = unsafe UnsafeRawPointer(certificate).withMemoryRebound(
            to: git_cert_hostkey.self,
            capacity: 1
        ) {
            unsafe fingerprint($0.pointee)
        }
        let isMentioned = KnownHosts.mention(host, port: url.port ?? 22, in: knownHosts)
        refusal =
            isMentioned
            ? Failure(
                .unauthenticated,
                "the host key of \(host) is not the known one: it shows \(shown). If it was not changed on "
                    + "purpose, somebody else answers in its place",
                reason: "host_key_changed"
            )
            : Failure(
                .unauthenticated,
                "the host \(host) is not among the known hosts: it shows \(shown). If that is its key, add "
                    + "the line that ssh-keyscan prints to the secret",
                reason: "host_key_unknown"
            )
        return GIT_ECERTIFICATE.rawValue
    }
}

extension GitCredential {
    /// What it is, for messages.
    fileprivate var noun: String {
        switch self {
        case .password(let user, _): "the token or password of the user '\(user)'"
        case .key: "the SSH key"
        }
    }
}

/// A host key as ssh-keygen(1) shows it.
private func fingerprint(_ key: git_cert_hostkey) -> String {
    let kind =
        switch unsafe key.raw_type {
        case GIT_CERT_SSH_RAW_TYPE_RSA: "RSA"
        case GIT_CERT_SSH_RAW_TYPE_DSS: "DSA"
        case GIT_CERT_SSH_RAW_TYPE_KEY_ED25519: "ED25519"
        case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_256, GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_384,
            GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_521:
            "ECDSA"
        default: "unknown"
        }
    guard unsafe key.type.rawValue & GIT_CERT_SSH_SHA256.rawValue != 0 else {
        return "a key of the kind \(kind)"
    }
    let digest = unsafe withUnsafeBytes(of: key.hash_sha256) { unsafe Array($0) }
    return "the \(kind) key SHA256:" + base64(digest).prefix { $0 != "=" }
}
