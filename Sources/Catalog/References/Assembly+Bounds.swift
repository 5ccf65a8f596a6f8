internal import Domain

// What Policies forbid, and what they give where nothing is said.
extension Assembly {
    /// Reports what Policies forbid of an object; limits that a playbook does not set become the caps.
    mutating func checkBounds(_ overlays: [Overlay], _ index: Int) {
        for overlay in overlays {
            switch drafts[index].kind.name {
            case "Playbook": cap(overlay, index)
            case "Role", "ToolProfile": checkTools(overlay, index)
            case "RuntimeProfile": checkSandbox(overlay, index)
            default: break
            }
        }
    }

    private mutating func cap(_ overlay: Overlay, _ index: Int) {
        guard !overlay.caps.isEmpty, var spec = drafts[index].spec else { return }
        let written = drafts[index].root["spec"]?["limits"]
        for (name, cap) in overlay.caps.sorted(by: { $0.key < $1.key }) {
            let value = spec["limits"]?[name]
            guard value.map({ isHigher($0, than: cap) }) ?? true else { continue }
            if let place = written?[name] {
                judge(index) {
                    $1.report(.aboveCap, place, "must be at most \(amount(cap)), which \(overlay.key) allows")
                }
            } else {
                spec["limits"]?[name] = cap
            }
        }
        // An error has taken the spec out of use already.
        if drafts[index].isGood { setSpec(index, spec) }
    }

    private mutating func checkTools(_ overlay: Overlay, _ index: Int) {
        let denied = Set(overlay.spec.denyTools ?? [])
        guard !denied.isEmpty else { return }
        let profile = deniedProfile(denied, overlay, index)
        judge(index) { assembly, findings in
            let spec = assembly.drafts[index].root["spec"]
            for place in spec?.list("tools") ?? [] {
                guard let tool = place.text, denied.contains(tool) else { continue }
                findings.report(
                    .deniedTool,
                    place,
                    "must not be a tool that \(overlay.key) denies; '\(tool)' is"
                )
            }
            guard let profile, let place = spec?["toolProfileRef"] else { return }
            findings.report(
                .deniedTool,
                place,
                "must name a ToolProfile without tools that \(overlay.key) denies; it has '\(profile)'"
            )
        }
    }

    /// The first denied tool of a Role's ToolProfile, unless the Policy is for the profile, which then has
    /// the error.
    private func deniedProfile(_ denied: Set<String>, _ overlay: Overlay, _ index: Int) -> String? {
        guard let name = drafts[index].spec?["toolProfileRef"]?.string else { return nil }
        let target = ObjectKey("ToolProfile", namespace: key(drafts[index]).namespace, name: name)
        if let own = byKey[target], covers(overlay.scope, overlay.key, drafts[own]) { return nil }
        return (spec(target)?["tools"]?.array ?? []).compactMap(\.string).first { denied.contains($0) }
    }

    private mutating func checkSandbox(_ overlay: Overlay, _ index: Int) {
        let rules = overlay.spec
        let policy = overlay.key
        judge(index) { assembly, findings in
            let spec = assembly.drafts[index].root["spec"]
            if let place = spec?["image"], let image = place.text {
                if let allowed = rules.allowImages, !isImage(image, among: allowed) {
                    findings.report(
                        .imageNotAllowed,
                        place,
                        "must be an image that \(policy) allows; '\(clip(image))' is none"
                    )
                }
                if rules.requirePins == true, !isPinned(image) {
                    findings.report(
                        .imageNotPinned,
                        place,
                        "must end with @sha256: and the image's digest, as \(policy) requires"
                    )
                }
            }
            guard let allowed = rules.allowDomains, let network = spec?["network"] else { return }
            if let standard = network["default"], standard.text == "allow" {
                findings.report(
                    .domainNotAllowed,
                    standard,
                    "must be deny, since \(policy) says which domains may be reached"
                )
            }
            for place in network.list("allowDomains") {
                guard let domain = place.text, !isDomain(domain, within: allowed) else { continue }
                findings.report(
                    .domainNotAllowed,
                    place,
                    "must be a domain that \(policy) allows; '\(clip(domain))' is none"
                )
            }
        }
    }

    /// Gives an object what Policies say is used where nothing is named.
    mutating func giveDefaults(_ overlays: [Overlay], _ index: Int) {
        let kind = drafts[index].kind.name
        guard kind == "Role" || kind == "Playbook", drafts[index].isGood, var spec = drafts[index].spec
        else { return }
        let field = kind == "Role" ? "modelRouteRef" : "runtimeProfileRef"
        guard spec[field] == nil else { return }
        var giver: Overlay?
        for overlay in overlays {
            let defaults = overlay.spec.defaults
            guard let name = kind == "Role" ? defaults?.modelRouteRef : defaults?.runtimeProfileRef else {
                continue
            }
            if let giver, spec[field] != .string(name) {
                reportDisagreement(over: "the \(field)", overlay, giver, index) { $0?["defaults"]?[field] }
                continue
            }
            giver = overlay
            spec[field] = .string(name)
        }
        guard giver != nil, drafts[index].isGood, let name = spec[field]?.string,
            let place = drafts[index].root["metadata"]?["name"]
        else { return }
        setSpec(index, spec)
        let target = kind == "Role" ? "ModelRoute" : "RuntimeProfile"
        refer(index, to: Reference(kind: target, name: name, field: "spec.\(field)", span: place.node.span))
    }

    /// Reports that a Policy says otherwise of an object than one before it; `place` is where, in the spec of
    /// the Policy or, when that is not judged, of the object.
    mutating func reportDisagreement(
        over what: String,
        _ overlay: Overlay,
        _ giver: Overlay,
        _ object: Int,
        at place: (Place?) -> Place?
    ) {
        let own = key(drafts[object])
        let earlier = giver.key == overlay.key ? "what an earlier rule" : "what \(giver.key)"
        let index = overlay.index ?? object
        judge(index) { assembly, findings in
            let root = assembly.drafts[index].root
            let place = place(root["spec"]) ?? root["metadata"]?["name"] ?? root
            findings.report(
                .policiesDisagree,
                at: place.text == nil ? place.mark : place.node.span,
                field: place.field,
                "\(place.name) must not differ from \(earlier) says of \(what) of \(own)"
            )
        }
    }
}

/// Whether a glob matches an image as it is written, without its digest, or without tag and digest.
private func isImage(_ image: String, among globs: [String]) -> Bool {
    let named = image.prefix { $0 != "@" }
    // A colon before the last slash belongs to the port of a registry.
    let start = named.lastIndex(of: "/") ?? named.startIndex
    let bare = named[start...].lastIndex(of: ":").map { named[..<$0] } ?? named
    return globs.contains { glob in
        [image, String(named), String(bare)].contains { globMatches(glob, $0) }
    }
}

/// Whether an image is named by what it holds.
private func isPinned(_ image: String) -> Bool {
    let parts = image.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty && TextFormat.digest.accepts(String(parts[1]))
}

/// Whether a domain, or all below one, is among some domains and all below some.
private func isDomain(_ domain: String, within allowed: [String]) -> Bool {
    allowed.contains { $0 == domain || $0.hasPrefix("*.") && domain.hasSuffix($0.dropFirst()) }
}
