extension Value {
    /// The value of anything `Encodable`; nil members are left out.
    ///
    /// *Throws* `EncodingError` for what JSON cannot hold, such as an integer above 2^63 - 1.
    package init(encoding subject: some Encodable) throws {
        let box = ValueBox()
        try ValueEncoder(box: box, codingPath: []).encode(subject)
        self = box.value
    }
}

/// Where one encoder writes; a class because Codable's containers outlive the call that made them.
private final class ValueBox {
    var value: Value = .null
    var members: [String: ValueBox]?
    var elements: [ValueBox]?

    func resolved() -> Value {
        if let members { return .object(members.mapValues { $0.resolved() }) }
        if let elements { return .array(elements.map { $0.resolved() }) }
        return value
    }
}

private struct ValueEncoder: Encoder, SingleValueEncodingContainer {
    let box: ValueBox
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if box.members == nil { box.members = [:] }
        return KeyedEncodingContainer(KeyedContainer<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if box.elements == nil { box.elements = [] }
        return UnkeyedContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() throws { box.value = .null }
    func encode(_ value: Bool) throws { box.value = .bool(value) }
    func encode(_ value: String) throws { box.value = .string(value) }
    func encode(_ value: Double) throws { box.value = .number(value) }
    func encode(_ value: Float) throws { box.value = .number(Double(value)) }
    func encode(_ value: Int) throws { box.value = .integer(Int64(value)) }

    func encode<T: Encodable>(_ value: T) throws {
        if let value = value as? Value {
            box.value = value
        } else if let number = value as? any BinaryInteger {
            guard let exact = Int64(exactly: number) else {
                throw EncodingError.invalidValue(
                    value,
                    .init(codingPath: codingPath, debugDescription: "an integer must fit 64 bits")
                )
            }
            box.value = .integer(exact)
        } else {
            try value.encode(to: self)
        }
        box.value = box.resolved()
        box.members = nil
        box.elements = nil
    }

    func child(_ key: any CodingKey) -> ValueEncoder {
        let child = ValueBox()
        box.members?[key.stringValue] = child
        return ValueEncoder(box: child, codingPath: codingPath + [key])
    }

    func nextElement() -> ValueEncoder {
        let child = ValueBox()
        box.elements?.append(child)
        return ValueEncoder(box: child, codingPath: codingPath)
    }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) throws { try encoder.child(key).encodeNil() }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try encoder.child(key).encode(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder.child(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.child(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { encoder }
    func superEncoder(forKey key: Key) -> any Encoder { encoder.child(key) }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.box.elements?.count ?? 0 }

    func encodeNil() throws { try encoder.nextElement().encodeNil() }
    func encode<T: Encodable>(_ value: T) throws { try encoder.nextElement().encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy keyType: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder.nextElement().container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.nextElement().unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder }
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
