/// The values of messages, in the peer's serializer. Lists and dictionaries begin with the number of their elements,
/// and have an explicit end.
extension OutgoingBytes {
    /// Begins a list of so many elements.
    mutating func beginList(_ count: Int) {
        switch wire {
        case .json: open("[")
        case .msgpack: append(0x90 | UInt8(truncatingIfNeeded: count))
        case .cbor: append(head: 0x80, UInt64(count))
        }
    }

    /// Ends the innermost list.
    mutating func endList() {
        guard wire == .json else { return }
        append("]")
        needsComma = true
    }

    /// Begins a dictionary of so many pairs: keys and values in turn follow.
    mutating func beginDictionary(_ count: Int) {
        switch wire {
        case .json: open("{")
        case .msgpack: append(0x80 | UInt8(truncatingIfNeeded: count))
        case .cbor: append(head: 0xA0, UInt64(count))
        }
    }

    /// Ends the innermost dictionary.
    mutating func endDictionary() {
        guard wire == .json else { return }
        append("}")
        needsComma = true
    }

    /// A dictionary with nothing in it.
    mutating func emptyDictionary() {
        beginDictionary(0)
        endDictionary()
    }

    /// A key; its value is next.
    mutating func key(_ text: StaticString) {
        string(text)
        guard wire == .json else { return }
        append(":")
        needsComma = false
    }

    /// A string of less than 32 octets that needs no escapes.
    mutating func string(_ text: StaticString) {
        switch wire {
        case .json:
            separate()
            append("\"")
            append(text)
            append("\"")
            return
        case .msgpack: append(0xA0 | UInt8(truncatingIfNeeded: text.utf8CodeUnitCount))
        case .cbor: append(head: 0x60, UInt64(text.utf8CodeUnitCount))
        }
        append(text)
    }

    /// An integer that is not negative.
    mutating func integer(_ number: Int) {
        let unsigned = UInt64(max(0, number))
        switch wire {
        case .json:
            separate()
            append(number)
        case .msgpack:
            switch unsigned {
            case ..<0x80: append(UInt8(unsigned))
            case ..<0x1_0000: append(0xCD, unsigned, width: 2)
            case ..<0x1_0000_0000: append(0xCE, unsigned, width: 4)
            default: append(0xCF, unsigned, width: 8)
            }
        case .cbor: append(head: 0, unsigned)
        }
    }

    /// True.
    mutating func yes() {
        switch wire {
        case .json:
            separate()
            append("true")
        case .msgpack: append(UInt8(0xC3))
        case .cbor: append(UInt8(0xF5))
        }
    }

    /// A value as received from the peer.
    mutating func value(_ octets: UnsafeRawBufferPointer) {
        separate()
        append(octets)
    }

    private mutating func separate() {
        guard wire == .json else { return }
        if needsComma { append(",") }
        needsComma = true
    }

    private mutating func open(_ bracket: StaticString) {
        separate()
        append(bracket)
        needsComma = false
    }

    private mutating func append(head: UInt8, _ argument: UInt64) {
        switch argument {
        case ..<24: append(head | UInt8(argument))
        case ..<0x1_0000: append(head | 25, argument, width: 2)
        case ..<0x1_0000_0000: append(head | 26, argument, width: 4)
        default: append(head | 27, argument, width: 8)
        }
    }

    private mutating func append(_ first: UInt8, _ number: UInt64, width: Int) {
        append(first)
        for place in (0..<width).reversed() { append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
    }
}
