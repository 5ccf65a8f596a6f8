internal import Domain

/// Why each of some creations and changes waits that does: what it depends on is not ready.
///
/// The steps stand in the order of their dependencies.
func waiting(_ steps: [Plan.Step], _ input: PlanInput, stored: [ObjectKey: Stored]) -> [ObjectKey: String] {
    var reasons: [ObjectKey: String] = [:]
    let writes = steps.filter { $0.act != .move }
    let written = Set(writes.map(\.key))
    func unmet(_ key: ObjectKey) -> String? {
        if reasons[key] != nil { return "waits itself" }
        // What no controller looks after is in force as soon as it is stored, in the order of the plan.
        if written.contains(key) { return Kind.isControlled(key.kind) ? "has not been looked at yet" : nil }
        guard let stored = input.dependencies[key] ?? stored[key], let status = stored.object.status,
            !status.isReady(generation: stored.object.metadata.generation)
        else { return nil }
        let ready = status.condition("Ready")
        return "is not ready (\(ready?["reason"]?.string ?? "Unknown"))"
    }
    for step in writes {
        for dependency in step.declared?.object.dependencies ?? [] {
            guard let why = unmet(dependency) else { continue }
            reasons[step.key] = "waits for \(dependency), which \(why)"
            break
        }
    }
    guard !reasons.isEmpty else { return reasons }
    // What leads to an object that does not exist yet must wait with it.
    var dependents: [ObjectKey: [ObjectKey]] = [:]
    for step in writes {
        for target in step.declared?.references ?? [] { dependents[target, default: []].append(step.key) }
    }
    var pending = reasons.keys.filter { stored[$0] == nil }.sorted()
    while let missing = pending.popLast() {
        for key in dependents[missing, default: []] where reasons[key] == nil {
            reasons[key] = "waits for \(missing), which waits itself"
            if stored[key] == nil { pending.append(key) }
        }
    }
    return reasons
}

/// Orders by layer and key, and puts what something depends on before it.
///
/// *Shape*: a permutation; deterministic, also when there is a cycle.
func inDependencyOrder<Element>(
    _ elements: [Element],
    key: (Element) -> ObjectKey,
    dependencies: (Element) -> [ObjectKey]
) -> [Element] {
    let sorted = inApplyOrder(elements, key)
    // Most commits have none, and then the layers are all there is to it.
    let next = sorted.map(dependencies)
    guard next.contains(where: { !$0.isEmpty }) else { return sorted }
    let indices = Dictionary(
        sorted.enumerated().map { (key($0.element), $0.offset) },
        uniquingKeysWith: { first, _ in first }
    )
    var result: [Element] = []
    var entered: Set<Int> = []
    for root in sorted.indices where entered.insert(root).inserted {
        var path = [(index: root, rest: next[root].compactMap { indices[$0] }[...])]
        while var last = path.popLast() {
            guard let dependency = last.rest.popFirst() else {
                result.append(sorted[last.index])
                continue
            }
            path.append(last)
            guard entered.insert(dependency).inserted else { continue }
            path.append((dependency, next[dependency].compactMap { indices[$0] }[...]))
        }
    }
    return result
}
