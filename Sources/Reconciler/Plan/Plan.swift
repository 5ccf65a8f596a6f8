package import Domain

/// What has to happen so that the stored objects are the declared ones.
package struct Plan: Sendable, Hashable {
    /// One object and what happens to it.
    package struct Step: Sendable, Hashable {
        package enum Act: String, Sendable, Hashable {
            case create, change, move, prune, hold
            /// Declared, and not written before what it depends on is ready.
            case wait
        }

        package let act: Act
        package let key: ObjectKey
        package let declared: Declared?
        /// Why an object that is no longer declared stays, for `hold`; what is missing, for `wait`.
        package let reason: String?
        /// The same as one word, for `hold`.
        package var hold: Hold?
    }

    /// Why an object that is no longer declared stays; the raw value is the reason of its condition.
    package enum Hold: String, Sendable, Hashable, CaseIterable {
        case commitHasErrors = "CommitHasErrors"
        case pruneDisabled = "PruneDisabled"
        case protected = "DeletionProtected"
        case run = "DeclarationRemoved"
        case source = "SourceKept"
        case inUse = "InUse"
        case needed = "NeededByHeld"
        case offered = "TransferOffered"
        case commitWaits = "CommitWaits"

        /// Whether the object itself says so; what delays a whole commit is for its source to tell.
        package var isToldByObject: Bool { self != .commitHasErrors && self != .commitWaits }
    }

    /// Sorted: creations and changes by layer and key, what is depended on first; then removals in reverse.
    package var steps: [Step]
    /// Objects that another claimant owns, or a run; nothing of them is written.
    package var conflicts: [Diagnostic]
    /// Why nothing is pruned although objects are missing, when a brake refused.
    package var brake: String?
    /// What the brake keeps, when a person may let it through; sorted.
    package var refused: [ObjectKey] = []

    /// The code of a conflict of ownership; Catalog, which this module does not know, explains it.
    package static let ownershipConflictCode = "POL004"

    /// Whether there is nothing to write; holds may remain.
    package var isEmpty: Bool { writes.isEmpty }

    /// Whether something of the commit is written later, when what it depends on is ready.
    package var waits: Bool { steps.contains { $0.act == .wait } }

    /// The steps as the store applies them.
    package var writes: [ApplyStep] {
        steps.compactMap { step in
            switch step.act {
            case .create, .change, .move: step.declared.map(ApplyStep.put)
            case .prune: .remove(step.key)
            case .hold, .wait: nil
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
    /// What becomes of fields that somebody took from the files.
    package var drift = GitSourceSpec.Drift.correct
    /// Objects the commit declares but an error holds back; they are never pruned.
    package var heldBack: Set<ObjectKey>
    /// Whether the commit has an error: then nothing is deleted.
    ///
    /// A file that cannot be read hides what it declares, and the last good version of what is held back
    /// may need an object that the commit leaves out.
    package var hasErrors: Bool
    /// Whether a person let the commit delete what the limits refuse.
    package var isPruneApproved = false
    /// Those of the source's objects that unfinished runs use, with the name of a run.
    package var inUse: [ObjectKey: String] = [:]
    /// Those of the declared objects that are not stored and whose names a run has, with the name of the run.
    package var live: [ObjectKey: String] = [:]
    /// What declared objects depend on by their annotation, as it is stored with its status.
    package var dependencies: [ObjectKey: Stored] = [:]

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
    var conflicts: [(key: ObjectKey, diagnostic: Diagnostic)] = []
    for declared in input.declared {
        guard let existing = stored[declared.object.key] else {
            if let run = input.live[declared.object.key] {
                conflicts.append((declared.object.key, nameConflict(declared, run)))
            } else {
                result.steps.append(step(.create, declared))
            }
            continue
        }
        if existing.origin.gitSource != input.source {
            // Whoever writes the step looks at the offer again, under a lock.
            if Transfer.target(of: existing.object.metadata.annotations) == input.source {
                result.steps.append(step(.change, declared))
            } else {
                let conflict = ownershipConflict(declared, existing, source: input.source)
                conflicts.append((declared.object.key, conflict))
            }
        } else if isChanged(declared, existing, input.drift) {
            result.steps.append(step(.change, declared))
        } else if isMoved(declared.origin, existing.origin) {
            result.steps.append(step(.move, declared))
        }
    }
    // Only what is to be told is put in order: of many objects, few are.
    result.steps = inDependencyOrder(result.steps, key: \.key) { $0.declared?.object.dependencies ?? [] }
    let waiting = waiting(result.steps, input, stored: stored)
    result.steps = result.steps.map { step in
        guard let reason = waiting[step.key] else { return step }
        return Plan.Step(act: .wait, key: step.key, declared: step.declared, reason: reason)
    }
    result.conflicts = inApplyOrder(conflicts, \.key).map(\.diagnostic)
    addRemovals(to: &result, input, stored)
    return result
}

/// By layer, then kind, namespace and name; removals run the other way.
func inApplyOrder<Element>(_ elements: [Element], _ key: (Element) -> ObjectKey) -> [Element] {
    elements.map { (layer: layer(key($0)), key: key($0), element: $0) }
        .sorted { ($0.layer, $0.key) < ($1.layer, $1.key) }.map(\.element)
}

private func layer(_ key: ObjectKey) -> Int { Kind.named(key.kind)?.layer ?? 0 }

private func step(_ act: Plan.Step.Act, _ declared: Declared) -> Plan.Step {
    Plan.Step(act: act, key: declared.object.key, declared: declared, reason: nil)
}

/// Whether writing what is declared would change more than where it is declared; what others hold stays.
private func isChanged(_ declared: Declared, _ stored: Stored, _ drift: GitSourceSpec.Drift) -> Bool {
    let kept = declared.keepingFields(of: stored, drift: drift)
    let (wanted, there) = (kept.object.metadata, stored.object.metadata)
    if wanted.labels ?? [:] != there.labels ?? [:] || wanted.annotations ?? [:] != there.annotations ?? [:] {
        return true
    }
    if let spec = stored.object.spec, stored.origin.owners != nil { return kept.object.spec != spec }
    return declared.digest != stored.origin.declared ?? stored.digest
        || drift == .correct && stored.origin.taken != nil
}

private func isMoved(_ declared: Origin, _ stored: Origin) -> Bool {
    (declared.path, declared.line, declared.column) != (stored.path, stored.line, stored.column)
        || declared.fields != stored.fields
}

private func addRemovals(to plan: inout Plan, _ input: PlanInput, _ stored: [ObjectKey: Stored]) {
    let declared = Set(input.declared.map(\.object.key)).union(input.heldBack)
    let owned = input.stored.filter { $0.origin.gitSource == input.source && $0.object.kind != "Decision" }
    let missing = inDependencyOrder(
        owned.filter { !declared.contains($0.object.key) },
        key: \.object.key,
        dependencies: \.object.dependencies
    ).reversed()
    let waits = plan.waits
    var prunable: [Stored] = []
    var needed: [ObjectKey: ObjectKey] = [:]
    // Whoever depends on something comes before it.
    for object in missing {
        let key = object.object.key
        var reason = hold(object, input, waits: waits)
        if reason == nil, let user = needed[key] {
            reason = (.needed, "\(user), which is kept, depends on it")
        }
        guard let reason else {
            prunable.append(object)
            continue
        }
        for dependency in object.object.dependencies { needed[dependency] = key }
        var step = Plan.Step(act: .hold, key: key, declared: nil, reason: reason.1)
        step.hold = reason.0
        plan.steps.append(step)
    }
    // What the plan creates counts as well, now or later: the same commit must be judged alike before and
    // after it is applied, or the second look would prune what the first one refused to.
    let created = plan.steps.filter { step in
        let isNew = step.act == .create || step.act == .wait && stored[step.key] == nil
        return isNew && step.key.kind != "Decision"
    }
    plan.brake = brake(prunable: prunable.count, owned: owned.count + created.count, input)
    guard plan.brake == nil else {
        // A source that never deletes is one on purpose, and not for a single commit.
        if input.prune.enabled { plan.refused = prunable.map(\.object.key).sorted() }
        return
    }
    plan.steps += prunable.map { Plan.Step(act: .prune, key: $0.object.key, declared: nil, reason: nil) }
}

private func hold(_ stored: Stored, _ input: PlanInput, waits: Bool) -> (Plan.Hold, String)? {
    let annotations = stored.object.metadata.annotations ?? [:]
    if input.hasErrors {
        return (.commitHasErrors, "the commit has errors, and deletes nothing until it has none")
    }
    if waits {
        // The last good version of what waits may need it.
        return (.commitWaits, "the commit deletes nothing while something of it waits")
    }
    if PruneHold.disablesPrune(annotations) {
        return (.pruneDisabled, "\(PruneHold.prune) is disabled")
    }
    if PruneHold.protects(annotations) {
        return (.protected, "\(PruneHold.protection) is enabled; take it away, then delete the object")
    }
    if stored.object.kind == "Workflow" {
        return (
            .run, "its declaration was removed; a run goes on until it is cancelled, and stays as history"
        )
    }
    if let target = Transfer.target(of: annotations), target != input.source {
        return (.offered, "it is offered to GitSource/\(target), and its own as soon as that declares it")
    }
    if stored.object.kind == "GitSource" { return (.source, "a source never deletes a source") }
    if let run = input.inUse[stored.object.key] {
        return (.inUse, "Workflow/\(run) uses it and has not ended")
    }
    return nil
}

private func brake(prunable: Int, owned: Int, _ input: PlanInput) -> String? {
    guard prunable > 0 else { return nil }
    guard input.prune.enabled else { return "prune.enabled is false" }
    if input.isPruneApproved { return nil }
    let what = "the commit would delete \(prunable) of \(owned) objects"
    if prunable == owned { return "\(what), which is everything" }
    if prunable * 100 > owned * input.prune.maxPercent {
        return "\(what) (limit \(input.prune.maxPercent) %)"
    }
    if let limit = input.prune.maxObjects, prunable > limit { return "\(what) (limit \(limit))" }
    return nil
}

private func ownershipConflict(_ declared: Declared, _ stored: Stored, source: String) -> Diagnostic {
    let owner =
        stored.origin.gitSource.map {
            "source '\($0)' (\(stored.origin.path ?? "?"):\(stored.origin.line ?? 1))"
        }
        ?? "\(stored.origin.appliedBy ?? "somebody") on the control door"
    let target = "gitsource/\(source)"
    let name = [stored.object.kind.lowercased(), stored.object.metadata.name].joined(separator: "/")
    return conflict(
        declared,
        "must have one owner; it belongs to \(owner), and source '\(source)' claims it",
        fix: "agirunner transfer \(name) --to \(target) hands it over"
    )
}

private func nameConflict(_ declared: Declared, _ run: String) -> Diagnostic {
    conflict(
        declared,
        "must have one owner; it belongs to Workflow/\(run), whose controller alone writes it",
        fix: "give what is declared another name"
    )
}

private func conflict(_ declared: Declared, _ message: String, fix: String) -> Diagnostic {
    let position = TextPosition(line: declared.origin.line ?? 1, column: declared.origin.column ?? 1)
    return Diagnostic(
        code: Plan.ownershipConflictCode,
        path: declared.origin.path ?? "",
        span: TextSpan(start: position, end: position),
        object: declared.object.key.description,
        field: "metadata.name",
        message: "\(declared.object.key) \(message)",
        fix: fix
    )
}
