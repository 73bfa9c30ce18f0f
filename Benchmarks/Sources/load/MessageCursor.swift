/// Walks over one WAMP message in the peer's serializer. See `JSONCursor` and `BinaryCursor`, which do it.
struct MessageCursor {
    private var json: JSONCursor
    private var binary: BinaryCursor
    private let isText: Bool

    /// - Parameter octets: must stay valid as long as the cursor is used.
    init(_ octets: UnsafeRawBufferPointer, _ wire: Wire) {
        json = JSONCursor(octets)
        binary = BinaryCursor(octets, wire)
        isText = wire == .json
    }

    /// Consumes the beginning of a list.
    mutating func beginList() -> Bool { isText ? json.take("[") : binary.beginList() }

    /// True if the innermost list has another element; the cursor is then at it.
    mutating func next() -> Bool { isText ? json.take(",") : binary.next() }

    /// Consumes an integer.
    mutating func integer() -> Int? { isText ? json.integer() : binary.integer() }

    /// Consumes a string.
    mutating func string() -> UnsafeRawBufferPointer? { isText ? json.string() : binary.string() }

    /// Consumes one value of any kind and returns its octets.
    mutating func value() -> UnsafeRawBufferPointer? { isText ? json.value() : binary.value() }

    /// Consumes one value of any kind.
    mutating func skipValue() -> Bool { isText ? json.skipValue() : binary.skipValue() }

    /// Consumes an object and returns whether its member `key` is `true`. Nil if no whole object follows.
    mutating func objectHasTrue(_ key: StaticString) -> Bool? {
        isText ? json.objectHasTrue(key) : binary.objectHasTrue(key)
    }
}
