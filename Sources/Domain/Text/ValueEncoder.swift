extension Value {
    /// The value of anything `Encodable`; nil members are left out.
    ///
    /// *Throws* `EncodingError` for what JSON cannot hold, such as an integer above 2^63 - 1.
    package init(encoding subject: some Encodable) throws {
        if let value = subject as? Value {
            self = value
        } else {
            let encoder = ValueEncoder()
            try subject.encode(to: encoder)
            self = encoder.box.resolved
        }
    }
}

/// Where one encoder writes; a class because Codable's containers outlive the call that made them.
///
/// Rows are written all the time, so a member goes straight into the mapping, and has a box of its own only
/// when its type asks for a container in which to write it later.
private final class ValueBox {
    enum Content {
        case single(Value)
        case members([String: Value])
        case elements([Value])
    }

    var content = Content.single(.null)
    /// Boxes of members and of elements, which have a place in the content already.
    var later: [(key: String, box: ValueBox)] = []

    var resolved: Value {
        switch content {
        case .single(let value): return value
        case .members(var members):
            for (key, box) in later { members[key] = box.resolved }
            return .object(members)
        case .elements(var elements):
            for (key, box) in later { Int(key).map { elements[$0] = box.resolved } }
            return .array(elements)
        }
    }

    var count: Int { if case .elements(let elements) = content { elements.count } else { 0 } }

    func set(_ value: Value, _ key: any CodingKey) {
        guard case .members(var members) = content else { return }
        // The mapping is taken out first: with a second owner it would be copied for each member.
        content = .members([:])
        members[key.stringValue] = value
        content = .members(members)
    }

    func append(_ value: Value) {
        guard case .elements(var elements) = content else { return }
        content = .elements([])
        elements.append(value)
        content = .elements(elements)
    }

    /// The box of a member that is written later.
    func child(_ key: any CodingKey) -> ValueBox {
        let box = ValueBox()
        set(.null, key)
        later.append((key.stringValue, box))
        return box
    }

    /// The box of an element that is written later.
    func nextChild() -> ValueBox {
        let box = ValueBox()
        later.append((String(count), box))
        append(.null)
        return box
    }
}

private struct ValueEncoder: Encoder, SingleValueEncodingContainer {
    var box = ValueBox()
    // What cannot be encoded is named by its value; a path for each member would cost more than the member.
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .single = box.content { box.content = .members([:]) }
        return KeyedEncodingContainer(KeyedContainer<Key>(box: box))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .single = box.content { box.content = .elements([]) }
        return UnkeyedContainer(box: box)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { box.content = .single(.null) }
    func encode(_ value: Bool) { box.content = .single(.bool(value)) }
    func encode(_ value: String) { box.content = .single(.string(value)) }
    func encode(_ value: Double) { box.content = .single(.number(value)) }
    func encode(_ value: Float) { box.content = .single(.number(Double(value))) }
    func encode(_ value: some FixedWidthInteger & Encodable) throws {
        box.content = .single(try Value(exactly: value))
    }
    func encode(_ value: some Encodable) throws { box.content = .single(try Value(encoding: value)) }
}

extension Value {
    fileprivate init(exactly number: some FixedWidthInteger & Encodable) throws {
        guard let exact = Int64(exactly: number) else {
            let context = EncodingError.Context(
                codingPath: [],
                debugDescription: "an integer must fit 64 bits"
            )
            throw EncodingError.invalidValue(number, context)
        }
        self = .integer(exact)
    }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: ValueBox
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { box.set(.null, key) }
    func encode(_ value: Bool, forKey key: Key) { box.set(.bool(value), key) }
    func encode(_ value: String, forKey key: Key) { box.set(.string(value), key) }
    func encode(_ value: Double, forKey key: Key) { box.set(.number(value), key) }
    func encode(_ value: Float, forKey key: Key) { box.set(.number(Double(value)), key) }
    func encode(_ value: some FixedWidthInteger & Encodable, forKey key: Key) throws {
        box.set(try Value(exactly: value), key)
    }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        box.set(try Value(encoding: value), key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { ValueEncoder(box: box) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

    private func encoder(_ key: Key) -> ValueEncoder { ValueEncoder(box: box.child(key)) }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let box: ValueBox
    var codingPath: [any CodingKey] { [] }
    var count: Int { box.count }

    func encodeNil() { box.append(.null) }
    func encode(_ value: some Encodable) throws { box.append(try Value(encoding: value)) }

    func nestedContainer<Nested: CodingKey>(keyedBy keyType: Nested.Type) -> KeyedEncodingContainer<Nested> {
        ValueEncoder(box: box.nextChild()).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        ValueEncoder(box: box.nextChild()).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { ValueEncoder(box: box.nextChild()) }
}

extension Value: Encodable {
    /// Encodes through any encoder, so that a value can stand inside an encodable type.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .integer(let number): try container.encode(number)
        case .number(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }
}
