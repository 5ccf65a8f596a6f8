package import Domain

/// What has to happen so that the stored objects are the declared ones.
package struct Plan: Sendable, Hashable {
    /// One object and what happens to it.
    package struct Step: Sendable, Hashable {
        package enum Act: String, Sendable, Hashable { case create, change, move, prune, hold }

        package let act: Act
        package let key: ObjectKey
        package let declared: Declared?
        /// Why an object that is no longer declared stays, for `hold`.
        package let reason: String?
    }

    /// Sorted: creations and changes by layer and key, then removals in reverse order.
    package var steps: [Step]
    /// Objects that another claimant owns; nothing of them is written.
    package var conflicts: [Diagnostic]
    /// Why nothing is pruned although objects are missing, when a brake refused.
    package var brake: String?

    /// The code of a conflict of ownership; Catalog, which this module does not know, explains it.
    package static let ownershipConflictCode = "POL004"

    /// Whether there is nothing to write; holds may remain.
    package var isEmpty: Bool { writes.isEmpty }

    /// The steps as the store applies them.
    package var writes: [ApplyStep] {
        steps.compactMap { step in
            switch step.act {
            case .create, .change, .move: step.declared.map(ApplyStep.put)
            case .prune: .remove(step.key)
            case .hold: nil
            }
        }
    }
}

/// What a plan is made from.
package struct PlanInput: Sendable {
    /// Valid objects of the commit.
    package var declared: [Declared]
    /// Objects the source owns, and those whose key is declared.
    package var stored: [Stored]
    package var source: String
    package var prune: GitSourceSpec.Prune
    /// Objects the commit declares but an error holds back; they are never pruned.
    package var heldBack: Set<ObjectKey>
    /// Whether the commit has an error: then nothing is deleted.
    ///
    /// A file that cannot be read hides what it declares, and the last good version of what is held back
    /// may need an object that the commit leaves out.
    package var hasErrors: Bool

    /// An input of its parts.
    package init(
        declared: [Declared],
        stored: [Stored],
        source: String,
        prune: GitSourceSpec.Prune,
        heldBack: Set<ObjectKey>,
        hasErrors: Bool
    ) {
        self.declared = declared
        self.stored = stored
        self.source = source
        self.prune = prune
        self.heldBack = heldBack
        self.hasErrors = hasErrors
    }
}

/// Compares what is declared with what is stored.
///
/// Pure: `plan` of the result of applying a plan has no writes.
package func plan(_ input: PlanInput) -> Plan {
    let stored = Dictionary(input.stored.map { ($0.object.key, $0) }, uniquingKeysWith: { first, _ in first })
    var result = Plan(steps: [], conflicts: [], brake: nil)
    var conflicts: [(declared: Declared, stored: Stored)] = []
    for declared in input.declared {
        guard let existing = stored[declared.object.key] else {
            result.steps.append(step(.create, declared))
            continue
        }
        let declared = declared.keepingDoorAnnotations(of: existing)
        if existing.origin.gitSource != input.source {
            conflicts.append((declared, existing))
        } else if isChanged(declared, existing) {
            result.steps.append(step(.change, declared))
        } else if isMoved(declared.origin, existing.origin) {
            result.steps.append(step(.move, declared))
        }
    }
    // Only what is to be told is put in order: of many objects, few are.
    result.steps = inApplyOrder(result.steps, \.key)
    result.conflicts = inApplyOrder(conflicts, \.declared.object.key)
        .map { ownershipConflict($0.declared, $0.stored, source: input.source) }
    addRemovals(to: &result, input)
    return result
}

/// By layer, then kind, namespace and name; removals run the other way.
private func inApplyOrder<Element>(_ elements: [Element], _ key: (Element) -> ObjectKey) -> [Element] {
    elements.map { (layer: layer(key($0)), key: key($0), element: $0) }
        .sorted { ($0.layer, $0.key) < ($1.layer, $1.key) }.map(\.element)
}

private func layer(_ key: ObjectKey) -> Int { Kind.named(key.kind)?.layer ?? 0 }

private func step(_ act: Plan.Step.Act, _ declared: Declared) -> Plan.Step {
    Plan.Step(act: act, key: declared.object.key, declared: declared, reason: nil)
}

private func isChanged(_ declared: Declared, _ stored: Stored) -> Bool {
    let (wanted, there) = (declared.object.metadata, stored.object.metadata)
    return declared.digest != stored.digest || wanted.labels ?? [:] != there.labels ?? [:]
        || wanted.annotations ?? [:] != there.annotations ?? [:]
}

private func isMoved(_ declared: Origin, _ stored: Origin) -> Bool {
    (declared.path, declared.line, declared.column) != (stored.path, stored.line, stored.column)
        || declared.doorAnnotations != stored.doorAnnotations
}

private func addRemovals(to plan: inout Plan, _ input: PlanInput) {
    let declared = Set(input.declared.map(\.object.key)).union(input.heldBack)
    let owned = input.stored.filter { $0.origin.gitSource == input.source && $0.object.kind != "Decision" }
    let missing = owned.filter { !declared.contains($0.object.key) }
        .sorted { (layer($0.object.key), $0.object.key) > (layer($1.object.key), $1.object.key) }
    var prunable: [Stored] = []
    for object in missing {
        if let reason = holdReason(object, input) {
            plan.steps.append(Plan.Step(act: .hold, key: object.object.key, declared: nil, reason: reason))
        } else {
            prunable.append(object)
        }
    }
    // What the plan creates counts as well: the same commit must be judged alike before and after it is
    // applied, or the second look would prune what the first one refused to.
    let created = plan.steps.filter { $0.act == .create && $0.key.kind != "Decision" }
    plan.brake = brake(prunable: prunable.count, owned: owned.count + created.count, input)
    guard plan.brake == nil else { return }
    plan.steps += prunable.map { Plan.Step(act: .prune, key: $0.object.key, declared: nil, reason: nil) }
}

private func holdReason(_ stored: Stored, _ input: PlanInput) -> String? {
    let annotations = stored.object.metadata.annotations ?? [:]
    if input.hasErrors { return "the commit has errors, and deletes nothing until it has none" }
    if annotations["agirunner.dev/prune"] == "disabled" { return "agirunner.dev/prune is disabled" }
    if annotations["agirunner.dev/deletion-protection"] == "enabled" {
        return "it is protected from deletion"
    }
    if stored.object.kind == "Workflow" { return "a run is kept until it is cancelled" }
    if stored.object.kind == "GitSource" { return "a source never deletes a source" }
    return nil
}

private func brake(prunable: Int, owned: Int, _ input: PlanInput) -> String? {
    guard prunable > 0 else { return nil }
    guard input.prune.enabled else { return "prune.enabled is false" }
    let what = "the commit would delete \(prunable) of \(owned) objects"
    if prunable == owned { return "\(what), which is everything" }
    if prunable * 100 > owned * input.prune.maxPercent {
        return "\(what) (limit \(input.prune.maxPercent) %)"
    }
    if let limit = input.prune.maxObjects, prunable > limit { return "\(what) (limit \(limit))" }
    return nil
}

private func ownershipConflict(_ declared: Declared, _ stored: Stored, source: String) -> Diagnostic {
    let position = TextPosition(line: declared.origin.line ?? 1, column: declared.origin.column ?? 1)
    let owner =
        stored.origin.gitSource.map {
            "source '\($0)' (\(stored.origin.path ?? "?"):\(stored.origin.line ?? 1))"
        }
        ?? "\(stored.origin.appliedBy ?? "somebody") on the control door"
    return Diagnostic(
        code: Plan.ownershipConflictCode,
        path: declared.origin.path ?? "",
        span: TextSpan(start: position, end: position),
        object: declared.object.key.description,
        field: "metadata.name",
        message:
            "\(declared.object.key) must have one owner; it belongs to \(owner), and source '\(source)' "
            + "claims it"
    )
}
