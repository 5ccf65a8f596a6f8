internal import Domain

// Whose commits count is not for commits to say: a source that another one declares is judged by it.
extension LoadOptions {
    /// Reports a source that would accept more than the one that declares it, and one that changes itself.
    func checkRights(_ draft: Draft, _ findings: inout Findings) {
        // What cannot be read as a source has been told.
        guard let declared: GitSourceSpec = try? draft.spec?.decode() else { return }
        if draft.name == gitSource { return checkItself(draft, declared, &findings) }
        guard let own = verify, own.mode != .off else { return }
        let verify = draft.root["spec"]?["verify"]
        let place = verify?["mode"] ?? verify ?? draft.root["metadata"]?["name"] ?? draft.root
        let mode = declared.verify?.mode ?? .off
        guard mode == .range || mode == own.mode else {
            return findings.report(
                .widenedRights,
                at: place.node.span,
                field: "spec.verify.mode",
                "spec.verify.mode must be at least as strict as the source's own, which is "
                    + "\(own.mode.rawValue); \(mode.rawValue) is not"
            )
        }
        let signers = AllowedSigner.all(in: own.allowedSigners)
        for (number, line) in AllowedSigner.lines(declared.verify?.allowedSigners ?? "") {
            // A line that is none has been told.
            guard let signer = try? line.get(), !signers.contains(where: signer.isCovered) else { continue }
            findings.report(
                .widenedRights,
                at: verify?["allowedSigners"]?.line(number) ?? place.node.span,
                field: "spec.verify.allowedSigners",
                "line \(number) of spec.verify.allowedSigners must be of somebody whom the source itself "
                    + "accepts on the same terms; \(signer.principals.sorted().joined(separator: ",")) is not"
            )
        }
    }

    private func checkItself(_ draft: Draft, _ declared: GitSourceSpec, _ findings: inout Findings) {
        let spec = draft.root["spec"]
        let name = draft.root["metadata"]?["name"] ?? draft.root
        let off = GitSourceSpec.Verify(mode: .off, allowedSigners: nil)
        if declared.verify ?? off != verify ?? off {
            findings.report(
                .widenedRights,
                at: (spec?["verify"] ?? name).node.span,
                field: "spec.verify",
                "spec.verify must stay as it is: a source does not say whose commits it accepts"
            )
        }
        if let grants, declared.grants != grants {
            findings.report(
                .widenedRights,
                at: (spec?["grants"] ?? name).node.span,
                field: "spec.grants",
                "spec.grants must stay as they are: a source does not give itself what it may declare"
            )
        }
    }
}
