import Domain

/// The columns of a table as clients learn them: the name, those of the kind, the age.
func tableColumnDefinitions(_ columns: [TableColumn]) -> [Value] {
    func definition(_ name: String, _ type: String, format: String = "", priority: Int = 0) -> Value {
        [
            "name": .string(name), "type": .string(type), "format": .string(format), "description": "",
            "priority": .integer(Int64(priority)),
        ]
    }
    return [definition("Name", "string", format: "name")]
        + columns.map { definition($0.title, $0.type, priority: $0.priority) } + [definition("Age", "date")]
}

/// The cells of one object's row, in the order of the columns.
func tableCells(_ object: Value, _ columns: [TableColumn], now: Timestamp) -> [Value] {
    let created = object.at("metadata", "creationTimestamp") ?? .null
    return [object.at("metadata", "name") ?? ""] + columns.map { cell(object, $0, now: now) } + [
        age(created, now)
    ]
}

private func cell(_ object: Value, _ column: TableColumn, now: Timestamp) -> Value {
    let value =
        found(object, column.path)
        ?? (column.otherPath.isEmpty ? nil : found(object, column.otherPath))
    guard let value else { return "<none>" }
    if column.type == "date" { return age(value, now) }
    switch value {
    case .array(let elements) where elements.allSatisfy({ $0.string != nil }):
        return .string(elements.compactMap(\.string).joined(separator: ","))
    case .array, .object: return .string(value.canonicalJSON)
    default: return value
    }
}

/// What stands at a path; nil for nothing, and for a null.
private func found(_ object: Value, _ path: [String]) -> Value? {
    let value = path.reduce(Optional(object)) { value, key in
        guard let elements = value?.array else { return value?[key] }
        if let index = Int(key) { return elements.indices.contains(index) ? elements[index] : nil }
        return elements.first { $0["type"]?.string == key || $0["name"]?.string == key }
    }
    return value.flatMap { $0.isNull ? nil : $0 }
}

private func age(_ value: Value, _ now: Timestamp) -> Value {
    guard let moment = value.string.flatMap({ Timestamp($0) }) else { return "<unknown>" }
    return .string((now - moment).roughText)
}
