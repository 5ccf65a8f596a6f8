internal import Domain

extension Code {
    /// What the codes of grants and Policies mean.
    var policyExplained: (title: String, why: String) {
        switch self {
        case .kindNotGranted: ("kind not granted", "The source's grants do not name this kind.")
        case .namespaceNotGranted:
            ("namespace not granted", "The source's grants do not name this namespace.")
        case .ownershipConflict:
            (
                "claimed by two owners",
                "Another source declares the object, a person applied it or a run has it; one must let it go."
            )
        case .unmatchedOverlay:
            (
                "gate for no stage",
                "A gate that a Policy demands must have a stage to stand in, or nobody would be asked."
            )
        case .policiesDisagree:
            (
                "two policies disagree",
                "Two Policies give an object different gates or defaults; one of them must let it go."
            )
        case .immutable:
            (
                "cannot be changed any more",
                "A Decision is executed once, and a run follows what it was started with; make a new one."
            )
        case .unchangedVersion:
            (
                "changed without a new version",
                "Runs say which version they follow; two playbooks of one version cannot be told apart."
            )
        case .widenedRights:
            (
                "rights that no commit gives",
                "A source gets at most what the one that declares it has, and no commit changes what it may."
            )
        case .deniedTool: ("tool that is denied", "A Policy of the namespace denies the tool to everybody.")
        case .imageNotAllowed:
            ("image that is not allowed", "A Policy of the namespace lists the images that may be used.")
        case .imageNotPinned:
            (
                "image without a digest",
                "A Policy of the namespace asks for digests: what a tag leads to can change unseen."
            )
        case .domainNotAllowed:
            ("domain that is not allowed", "A Policy of the namespace lists the domains that may be reached.")
        case .aboveCap:
            ("limit above the cap", "A Policy of the namespace says how high the limit may be.")
        case .unreadablePolicy:
            (
                "under a Policy that cannot be read",
                "What the stored Policy demands is not known to this version, so what it is for has to wait; "
                    + "apply the Policy again."
            )
        default:
            (
                "a source as workspace",
                "An agent that can write to a source of configuration would write its own orders."
            )
        }
    }
}
