import Domain
import HTTPTypes
import Secrets

extension HookSignature {
    /// How far the time of a Standard Webhooks delivery may be from ours, in seconds.
    static let toleranceSeconds: Int64 = 300

    /// Whether the bytes of a delivery are signed with a secret, told in a time that does not depend on where
    /// they differ.
    ///
    /// *Source*: the web pages on webhooks of GitHub, GitLab and Gitea; the Standard Webhooks specification.
    func verifies(_ body: [UInt8], _ headers: HTTPFields, secret: SecretText, now: Timestamp) -> Bool {
        switch self {
        case .github:
            let text = header(headers, "x-hub-signature-256")
            guard text.hasPrefix("sha256=") else { return false }
            return isHexHMAC(String(text.dropFirst(7)), of: body, secret)
        case .gitea: return isHexHMAC(header(headers, "x-gitea-signature"), of: body, secret)
        case .gitlab:
            // Digests have one length, so not even that of the token is told.
            let shown = sha256(Array(header(headers, "x-gitlab-token").utf8))
            return constantTimeEquals(shown, sha256(secret.revealBytes()))
        case .standard: return isStandard(body, headers, secret, now)
        }
    }

    /// What a delivery says of itself.
    func delivery(_ headers: HTTPFields) -> HookDelivery {
        let names: (id: String, event: String) =
            switch self {
            case .github: ("x-github-delivery", "x-github-event")
            case .gitlab: ("x-gitlab-event-uuid", "x-gitlab-event")
            case .gitea: ("x-gitea-delivery", "x-gitea-event")
            case .standard: ("webhook-id", "webhook-event")
            }
        return HookDelivery(
            id: plain(header(headers, names.id)),
            event: plain(header(headers, names.event))
        )
    }

    private func isHexHMAC(_ text: String, of body: [UInt8], _ secret: SecretText) -> Bool {
        constantTimeEquals(decodeHex(text) ?? [], hmacSHA256(body, key: secret.revealBytes()))
    }

    /// Any signature of the list may fit, since senders sign with two keys while they rotate.
    private func isStandard(
        _ body: [UInt8],
        _ headers: HTTPFields,
        _ secret: SecretText,
        _ now: Timestamp
    ) -> Bool {
        let id = header(headers, "webhook-id")
        let time = header(headers, "webhook-timestamp")
        let seconds = now.microseconds / 1_000_000
        guard !id.isEmpty, id.utf8.count <= 256, let sent = Int64(time), sent >= 0,
            sent <= seconds + Self.toleranceSeconds, sent >= seconds - Self.toleranceSeconds
        else { return false }
        let text = secret.reveal()
        // The part behind the prefix is the key in base64; a secret without one is taken as it is.
        let key = text.hasPrefix("whsec_") ? decodeBase64(String(text.dropFirst(6))) : Array(text.utf8)
        guard let key, !key.isEmpty else { return false }
        let wanted = hmacSHA256(Array("\(id).\(time).".utf8) + body, key: key)
        let signatures = header(headers, "webhook-signature").split(separator: " ").prefix(8)
        return signatures.reduce(false) { found, signature in
            guard signature.hasPrefix("v1,") else { return found }
            return constantTimeEquals(decodeBase64(String(signature.dropFirst(3))) ?? [], wanted) || found
        }
    }
}

/// The value of a header that stands once; empty otherwise, since two would let somebody choose.
private func header(_ headers: HTTPFields, _ name: String) -> String {
    guard let name = HTTPField.Name(name) else { return "" }
    let values = headers[values: name]
    return values.count == 1 ? values[0] : ""
}

/// A text that may stand in events and logs; nil for any other one.
private func plain(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F || $0 == 0x20 }
    return text.isEmpty || text.utf8.count > 128 || !isPlain ? nil : text
}
