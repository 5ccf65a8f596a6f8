import Catalog
import Domain

/// Who refers to whom among declared objects.
struct UsageTree {
    private let objects: [ObjectKey: Object]
    private let used: [ObjectKey: [ObjectKey]]
    private let users: [ObjectKey: [ObjectKey]]

    init(_ objects: [Object]) {
        self.objects = Dictionary(objects.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        used = self.objects.mapValues { Loader().references(of: $0) }
        var users: [ObjectKey: [ObjectKey]] = [:]
        for (user, keys) in used {
            for key in keys { users[key, default: []].append(user) }
        }
        self.users = users.mapValues { $0.sorted() }
    }

    /// What an object uses, and what it is used by, each as far as it goes.
    func tree(of key: ObjectKey) -> TreeNode {
        let branches = [("uses", used), ("used by", users)].compactMap { title, edges -> TreeNode? in
            var seen: Set<ObjectKey> = [key]
            let children = nodes(below: key, edges, &seen)
            return children.isEmpty ? nil : TreeNode(text: title, children: children)
        }
        return TreeNode(text: text(key), children: branches)
    }

    /// What was shown above is not followed again: there may be circles, and many ways to one object.
    private func nodes(
        below key: ObjectKey,
        _ edges: [ObjectKey: [ObjectKey]],
        _ seen: inout Set<ObjectKey>
    ) -> [TreeNode] {
        (edges[key] ?? []).map { next in
            guard seen.insert(next).inserted else { return TreeNode(text: text(next) + "  (see above)") }
            return TreeNode(text: text(next), children: nodes(below: next, edges, &seen))
        }
    }

    private func text(_ key: ObjectKey) -> String {
        guard let object = objects[key] else { return "\(key.kind.lowercased())/\(key.name)  missing" }
        return title(object) + standing(object)
    }
}
